// From a pattern's text to its steps. A malformed pattern is an error wherever it is malformed, also where Lua would not have
// looked.
#include <ctype.h>
#include <string.h>

#include "pattern.h"

bool lb_in_class(int byte, int class) {
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
                if (lb_in_class(c, class)) include(set, c);
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

void lb_translate(matcher *m, const char *p, size_t length) {
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
