// string.find, match, gmatch and gsub after section 6.4.1 of the Lua 5.4 manual, in place of Lua's own.
#define _GNU_SOURCE // memmem
#include <ctype.h>
#include <string.h>

#include "pattern.h"

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
    lb_translate(&m, pattern + is_anchored, pattern_length - is_anchored);
    for (const char *s = subject + offset; s <= m.end; s++) {
        const char *found = lb_match_at(&m, s);
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
        const char *found = lb_match_at(&m, s);
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
    lb_translate(&m, pattern, pattern_length);
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
    lb_translate(&m, pattern + is_anchored, pattern_length - is_anchored);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    const char *s = subject, *end_of_last = NULL;
    while (count < most) {
        const char *found = lb_match_at(&m, s);
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
