// Matching with backtracking. Lua's own matcher can take exponential time inside of one C function, where no hook runs; this one
// looks for an interrupt as it goes.
#include <ctype.h>
#include <string.h>

#include "pattern.h"

static void look_for_interrupt(matcher *m) {
    if (--m->moves > 0) return;
    m->moves = MOVES_BETWEEN_LOOKS;
    if (atomic_load(&m->bridge->interrupted)) lb_raise_interrupt(m->L);
}

static bool fits(const matcher *m, const char *s, const step *step) {
    if (s >= m->end) return false;
    unsigned char byte = (unsigned char)*s;
    switch (step->kind) {
    case ANY: return true;
    case CLASS: return lb_in_class(byte, step->a);
    case SET: return includes(step, byte);
    default: return byte == step->a;
    }
}

static const char *match(matcher *m, const char *s, const step *step);

static const char *match_repeated(matcher *m, const char *s, const step *step) {
    if (step->repeat == '?') {
        const char *found = fits(m, s, step) ? match(m, s + 1, step + 1) : NULL;
        return found != NULL ? found : match(m, s, step + 1);
    }
    if (step->repeat == '-') {
        for (;; s++) {
            const char *found = match(m, s, step + 1);
            if (found != NULL) return found;
            look_for_interrupt(m);
            if (!fits(m, s, step)) return NULL;
        }
    }
    const char *least = step->repeat == '+' ? s + 1 : s;
    while (fits(m, s, step)) {
        look_for_interrupt(m);
        s++;
    }
    for (; s >= least; s--) {
        const char *found = match(m, s, step + 1);
        if (found != NULL) return found;
        look_for_interrupt(m);
    }
    return NULL;
}

static const char *match_balanced(matcher *m, const char *s, const step *step) {
    if (s >= m->end || (unsigned char)*s != step->a) return NULL;
    int open = 1;
    while (++s < m->end) {
        look_for_interrupt(m);
        unsigned char byte = (unsigned char)*s;
        if (byte == step->b) {
            if (--open == 0) return s + 1;
        } else if (byte == step->a) {
            open++;
        }
    }
    return NULL;
}

static const char *match_again(matcher *m, const char *s, const step *step) {
    int index = step->a - '1';
    if (index < 0 || index >= m->level || m->captures[index].length == OPEN)
        luaL_error(m->L, "invalid capture index %%%d", index + 1);
    ptrdiff_t length = m->captures[index].length;
    if (length == POSITION || m->end - s < length || memcmp(m->captures[index].start, s, (size_t)length) != 0) return NULL;
    return s + length;
}

static const char *match_begin(matcher *m, const char *s, const step *step) {
    if (m->level >= MAX_CAPTURES) luaL_error(m->L, "too many captures");
    m->captures[m->level].start = s;
    m->captures[m->level].length = step->kind == PLACE ? POSITION : OPEN;
    m->level++;
    const char *found = match(m, s, step + 1);
    if (found == NULL) m->level--;
    return found;
}

static const char *match_finish(matcher *m, const char *s, const step *step) {
    int index = m->level - 1;
    while (index >= 0 && m->captures[index].length != OPEN) index--;
    if (index < 0) luaL_error(m->L, "invalid pattern capture");
    m->captures[index].length = s - m->captures[index].start;
    const char *found = match(m, s, step + 1);
    if (found == NULL) m->captures[index].length = OPEN;
    return found;
}

// Where a match of the steps from `step` on ends that begins at `s`; NULL if there is none.
static const char *match(matcher *m, const char *s, const step *step) {
    if (m->depth++ == MAX_DEPTH) luaL_error(m->L, "pattern too complex");
    for (; step != m->last && s != NULL; step++) {
        look_for_interrupt(m);
        if (step->kind == BEGIN || step->kind == PLACE) {
            s = match_begin(m, s, step);
            break;
        }
        if (step->kind == FINISH) {
            s = match_finish(m, s, step);
            break;
        }
        if (step->repeat != 0) {
            s = match_repeated(m, s, step);
            break;
        }
        switch (step->kind) {
        case BALANCED: s = match_balanced(m, s, step); break;
        case AGAIN: s = match_again(m, s, step); break;
        case AT_END: s = s == m->end ? s : NULL; break;
        case FRONTIER: {
            int before = s == m->subject ? 0 : (unsigned char)s[-1], here = s == m->end ? 0 : (unsigned char)*s;
            if (includes(step, before) || !includes(step, here)) s = NULL;
            break;
        }
        default: s = fits(m, s, step) ? s + 1 : NULL;
        }
    }
    m->depth--;
    return s;
}

const char *lb_match_at(matcher *m, const char *s) {
    m->level = 0;
    m->depth = 0;
    return match(m, s, m->steps);
}
