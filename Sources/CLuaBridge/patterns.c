// string.find, match, gmatch and gsub after section 6.4.1 of the Lua 5.4 manual. Lua's own matcher can take exponential
// time inside of one C function, where no hook runs; this one looks for an interrupt as it goes. A pattern is first
// translated into a list of steps, then matched with backtracking; a malformed one is an error wherever it is malformed,
// also where Lua would not have looked.
#define _GNU_SOURCE // memmem
#include <ctype.h>
#include <string.h>

#include "internal.h"

enum {
    MAX_CAPTURES = 32,
    MAX_DEPTH = 200,             // C frames of one match; each repetition and each capture takes one
    MOVES_BETWEEN_LOOKS = 1 << 14, // some microseconds
    OPEN = -1,                   // the length of a capture that has begun
    POSITION = -2                // the length of a capture that stands for a place
};

typedef enum kind {
    BYTE,     // this byte
    ANY,      // every byte
    CLASS,    // a letter of isalpha and its kin; upper case means the rest
    SET,      // the bytes of a bitmap
    FRONTIER, // between a byte outside of the bitmap and one in it
    BALANCED, // from one byte to the other, counting both
    AGAIN,    // what a capture has matched
    BEGIN,    // of a capture
    PLACE,    // a capture of the place itself
    FINISH,   // of the innermost capture that has begun
    AT_END    // of the subject
} kind;

typedef struct step {
    kind kind;
    char repeat;        // '*', '+', '-', '?' or 0
    unsigned char a, b; // a byte, a class, a pair, or the number of a capture
    unsigned bits[8];   // of a set
} step;

typedef struct matcher {
    lua_State *L;
    lb_bridge *bridge;
    const char *subject, *end;
    const step *steps, *last;
    int depth, level, moves;
    struct {
        const char *start;
        ptrdiff_t length;
    } captures[MAX_CAPTURES];
} matcher;

// ---- Translation ----------------------------------------------------------------------------------------------------

static bool in_class(int byte, int class) {
    bool is_in;
    switch (tolower(class)) {
    case 'a': is_in = isalpha(byte); break;
    case 'c': is_in = iscntrl(byte); break;
    case 'd': is_in = isdigit(byte); break;
    case 'g': is_in = isgraph(byte); break;
    case 'l': is_in = islower(byte); break;
    case 'p': is_in = ispunct(byte); break;
    case 's': is_in = isspace(byte); break;
    case 'u': is_in = isupper(byte); break;
    case 'w': is_in = isalnum(byte); break;
    case 'x': is_in = isxdigit(byte); break;
    case 'z': is_in = byte == 0; break; // as in Lua 5.1, and still in 5.4
    default: return byte == class; // an escaped byte stands for itself
    }
    return isupper(class) ? !is_in : is_in;
}

static void include(step *set, int byte) { set->bits[byte >> 5] |= 1u << (byte & 31); }

static bool includes(const step *set, int byte) { return set->bits[byte >> 5] >> (byte & 31) & 1; }

// Reads a set after its bracket; returns what follows the closing one.
static const char *read_set(lua_State *L, step *set, const char *p, const char *end) {
    bool is_complement = p < end && *p == '^';
    if (is_complement) p++;
    bool is_first = true; // a bracket in the first place is a byte like others
    for (; p < end && (*p != ']' || is_first); is_first = false) {
        unsigned char byte = (unsigned char)*p++;
        if (byte == '%') {
            if (p == end) break;
            unsigned char class = (unsigned char)*p++;
            for (int c = 0; c < 256; c++)
                if (in_class(c, class)) include(set, c);
        } else if (end - p >= 2 && p[0] == '-' && p[1] != ']') {
            for (int c = byte; c <= (unsigned char)p[1]; c++) include(set, c);
            p += 2;
        } else {
            include(set, byte);
        }
    }
    if (p >= end) luaL_error(L, "malformed pattern (missing ']')");
    if (is_complement)
        for (int i = 0; i < 8; i++) set->bits[i] = ~set->bits[i];
    return p + 1;
}

// Reads what stands for one byte; returns what follows.
static const char *read_single(lua_State *L, step *single, const char *p, const char *end) {
    unsigned char byte = (unsigned char)*p++;
    single->kind = byte == '.' ? ANY : BYTE;
    single->a = byte;
    if (byte == '[') {
        single->kind = SET;
        return read_set(L, single, p, end);
    }
    if (byte != '%') return p;
    if (p == end) luaL_error(L, "malformed pattern (ends with '%%')");
    single->a = (unsigned char)*p++;
    single->kind = isalpha(single->a) && strchr("acdglpsuwxz", tolower(single->a)) ? CLASS : BYTE;
    return p;
}

// Translates a pattern into steps, in a block of memory that is left on the stack.
static void translate(matcher *m, const char *p, size_t length) {
    lua_State *L = m->L;
    const char *end = p + length;
    step *steps = lua_newuserdatauv(L, (length + 1) * sizeof(step), 0), *next = steps;
    while (p < end) {
        memset(next, 0, sizeof(step));
        char second = end - p > 1 ? p[1] : 0;
        if (*p == '(') {
            next->kind = second == ')' ? PLACE : BEGIN;
            p += second == ')' ? 2 : 1;
        } else if (*p == ')') {
            next->kind = FINISH;
            p++;
        } else if (*p == '$' && p + 1 == end) {
            next->kind = AT_END;
            p++;
        } else if (*p == '%' && second == 'b') {
            if (end - p < 4) luaL_error(L, "malformed pattern (missing arguments to '%%b')");
            next->kind = BALANCED;
            next->a = (unsigned char)p[2];
            next->b = (unsigned char)p[3];
            p += 4;
        } else if (*p == '%' && second == 'f') {
            if (end - p < 3 || p[2] != '[') luaL_error(L, "missing '[' after '%%f' in pattern");
            next->kind = FRONTIER;
            p = read_set(L, next, p + 3, end);
        } else if (*p == '%' && isdigit((unsigned char)second)) {
            next->kind = AGAIN;
            next->a = (unsigned char)second;
            p += 2;
        } else {
            p = read_single(L, next, p, end);
            if (p < end && memchr("*+-?", *p, 4) != NULL) next->repeat = *p++;
        }
        next++;
    }
    m->steps = steps;
    m->last = next;
}

// ---- Matching -------------------------------------------------------------------------------------------------------

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
    case CLASS: return in_class(byte, step->a);
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

static const char *match_at(matcher *m, const char *s) {
    m->level = 0;
    m->depth = 0;
    return match(m, s, m->steps);
}

// ---- Results --------------------------------------------------------------------------------------------------------

// Pushes capture `index`; the whole match counts as the first where the pattern has none.
static void push_capture(matcher *m, int index, const char *start, const char *end) {
    if (index >= m->level) {
        if (index != 0) luaL_error(m->L, "invalid capture index %%%d", index + 1);
        lua_pushlstring(m->L, start, (size_t)(end - start));
        return;
    }
    ptrdiff_t length = m->captures[index].length;
    if (length == OPEN) luaL_error(m->L, "unfinished capture");
    if (length == POSITION) lua_pushinteger(m->L, m->captures[index].start - m->subject + 1);
    else lua_pushlstring(m->L, m->captures[index].start, (size_t)length);
}

// Pushes all captures; the whole match, if `start` is given, where there are none.
static int push_captures(matcher *m, const char *start, const char *end) {
    int count = m->level == 0 && start != NULL ? 1 : m->level;
    luaL_checkstack(m->L, count, "too many captures");
    for (int i = 0; i < count; i++) push_capture(m, i, start, end);
    return count;
}

static void begin(matcher *m, lua_State *L, const char *subject, size_t length) {
    m->L = L;
    m->bridge = lb_of(L);
    m->subject = subject;
    m->end = subject + length;
    m->moves = MOVES_BETWEEN_LOOKS;
}

// The offset that a position argument means; beyond the end of the subject is length + 1.
static size_t offset_argument(lua_State *L, int argument, size_t length) {
    lua_Integer place = luaL_optinteger(L, argument, 1);
    if (place > 0) return (lua_Unsigned)place - 1 <= length ? (size_t)place - 1 : length + 1;
    return place == 0 || place < -(lua_Integer)length ? 0 : length - (size_t)-place;
}

static int find_or_match(lua_State *L, bool is_find) {
    size_t length, pattern_length;
    const char *subject = luaL_checklstring(L, 1, &length), *pattern = luaL_checklstring(L, 2, &pattern_length);
    size_t offset = offset_argument(L, 3, length);
    if (offset > length) {
        luaL_pushfail(L);
        return 1;
    }
    bool is_plain = is_find && lua_toboolean(L, 4);
    if (is_find && !is_plain) {
        is_plain = true;
        for (size_t i = 0; i < pattern_length && is_plain; i++)
            is_plain = pattern[i] == 0 || strchr("^$*+?.([%-", pattern[i]) == NULL;
    }
    if (is_plain) {
        const char *found = memmem(subject + offset, length - offset, pattern, pattern_length);
        if (found == NULL) {
            luaL_pushfail(L);
            return 1;
        }
        lua_pushinteger(L, found - subject + 1);
        lua_pushinteger(L, found - subject + (ptrdiff_t)pattern_length);
        return 2;
    }
    matcher m;
    begin(&m, L, subject, length);
    bool is_anchored = pattern_length > 0 && pattern[0] == '^';
    translate(&m, pattern + is_anchored, pattern_length - is_anchored);
    for (const char *s = subject + offset; s <= m.end; s++) {
        const char *found = match_at(&m, s);
        if (found != NULL) {
            if (!is_find) return push_captures(&m, s, found);
            lua_pushinteger(L, s - subject + 1);
            lua_pushinteger(L, found - subject);
            return push_captures(&m, NULL, NULL) + 2;
        }
        if (is_anchored) break;
    }
    luaL_pushfail(L);
    return 1;
}

static int string_find(lua_State *L) { return find_or_match(L, true); }

static int string_match(lua_State *L) { return find_or_match(L, false); }

// Upvalues: subject, steps, the number of steps, the offset to go on from, the end of the last match or -1.
static int gmatch_next(lua_State *L) {
    size_t length;
    const char *subject = lua_tolstring(L, lua_upvalueindex(1), &length);
    matcher m;
    begin(&m, L, subject, length);
    m.steps = lua_touserdata(L, lua_upvalueindex(2));
    m.last = m.steps + lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer end_of_last = lua_tointeger(L, lua_upvalueindex(5));
    for (const char *s = subject + lua_tointeger(L, lua_upvalueindex(4)); s <= m.end; s++) {
        const char *found = match_at(&m, s);
        if (found == NULL || found - subject == end_of_last) continue; // nothing right after a match is not a match
        lua_pushinteger(L, found - subject);
        lua_copy(L, -1, lua_upvalueindex(4));
        lua_replace(L, lua_upvalueindex(5));
        return push_captures(&m, s, found);
    }
    lua_pushinteger(L, (lua_Integer)length + 1);
    lua_replace(L, lua_upvalueindex(4));
    return 0;
}

static int string_gmatch(lua_State *L) {
    size_t length, pattern_length;
    luaL_checklstring(L, 1, &length);
    const char *pattern = luaL_checklstring(L, 2, &pattern_length);
    size_t offset = offset_argument(L, 3, length);
    matcher m;
    begin(&m, L, NULL, 0);
    lua_pushvalue(L, 1);
    translate(&m, pattern, pattern_length);
    lua_pushinteger(L, m.last - m.steps);
    lua_pushinteger(L, (lua_Integer)offset);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, gmatch_next, 5);
    return 1;
}

// Adds a replacement text with its captures filled in.
static void add_text(matcher *m, luaL_Buffer *out, const char *start, const char *end) {
    size_t length;
    const char *text = lua_tolstring(m->L, 3, &length);
    for (const char *p = text; p < text + length; p++) {
        if (*p != '%') {
            luaL_addchar(out, *p);
        } else if (++p < text + length && *p == '%') {
            luaL_addchar(out, '%');
        } else if (p < text + length && *p == '0') {
            luaL_addlstring(out, start, (size_t)(end - start));
        } else if (p < text + length && isdigit((unsigned char)*p)) {
            push_capture(m, *p - '1', start, end);
            luaL_tolstring(m->L, -1, NULL); // a place is a number
            lua_remove(m->L, -2);
            luaL_addvalue(out);
        } else {
            luaL_error(m->L, "invalid use of '%%' in replacement string");
        }
    }
}

// Adds what stands in the place of a match: by text, table or function; nil and false leave the match as it is.
static void add_replacement(matcher *m, luaL_Buffer *out, const char *start, const char *end, int type) {
    lua_State *L = m->L;
    if (type == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(m, start, end), 1);
    } else if (type == LUA_TTABLE) {
        push_capture(m, 0, start, end);
        lua_gettable(L, 3);
    } else {
        add_text(m, out, start, end);
        return;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(out, start, (size_t)(end - start));
    } else if (lua_isstring(L, -1)) {
        luaL_addvalue(out);
    } else {
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    }
}

static int string_gsub(lua_State *L) {
    size_t length, pattern_length;
    const char *subject = luaL_checklstring(L, 1, &length), *pattern = luaL_checklstring(L, 2, &pattern_length);
    int type = lua_type(L, 3);
    luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                     "string/function/table");
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)length + 1), count = 0;
    lua_settop(L, 3);
    matcher m;
    begin(&m, L, subject, length);
    bool is_anchored = pattern_length > 0 && pattern[0] == '^';
    translate(&m, pattern + is_anchored, pattern_length - is_anchored);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    const char *s = subject, *end_of_last = NULL;
    while (count < most) {
        const char *found = match_at(&m, s);
        if (found != NULL && found != end_of_last) {
            count++;
            add_replacement(&m, &out, s, found, type);
            s = end_of_last = found;
        } else if (s < m.end) {
            luaL_addchar(&out, *s);
            s++;
        } else {
            break;
        }
        if (is_anchored) break;
    }
    luaL_addlstring(&out, s, (size_t)(m.end - s));
    luaL_pushresult(&out);
    lua_pushinteger(L, count);
    return 2;
}

void lb_open_patterns(lua_State *L) {
    static const luaL_Reg functions[] = {{"find", string_find},
                                         {"match", string_match},
                                         {"gmatch", string_gmatch},
                                         {"gsub", string_gsub},
                                         {NULL, NULL}};
    lua_getglobal(L, "string");
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
}
