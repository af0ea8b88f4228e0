// Error values: tables of the metatable rlhf.Error with kind, message, hint, cell, line and traceback.
#include <stdlib.h>
#include <string.h>

#include "internal.h"

enum { HEAD_FRAMES = 12, TAIL_FRAMES = 8, MAX_CHUNK_NAME = 120 };

static void raw_field(lua_State *L, int index, const char *name) { // pushes
    lua_pushstring(L, name);
    lua_rawget(L, index);
}

static void set_raw(lua_State *L, int table, const char *name) { // pops a value
    lua_pushstring(L, name);
    lua_insert(L, -2);
    lua_rawset(L, table);
}

const char *lb_chunk_name(const lua_Debug *info) {
    return info->source[0] == '=' || info->source[0] == '@' ? info->source + 1 : info->short_src;
}

static bool innermost_lua(lua_State *from, lua_Debug *info) {
    for (int level = 0; lua_getstack(from, level, info); level++) {
        lua_getinfo(from, "Sl", info);
        if (info->currentline > 0) return true;
    }
    return false;
}

bool lb_caller(const lb_call *call, const char **cell, int *line) {
    lua_Debug info;
    if (!innermost_lua(call->thread, &info)) return false;
    *cell = lb_chunk_name(&info);
    *line = info.currentline;
    return true;
}

static void new_error(lua_State *L, const char *kind) {
    lua_createtable(L, 0, 6);
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->error_metatable);
    lua_setmetatable(L, -2);
    lua_pushstring(L, kind);
    set_raw(L, lua_gettop(L) - 1, "kind");
}

static void set_location(lua_State *L, int table, const char *cell, int line) {
    lua_pushstring(L, cell);
    set_raw(L, table, "cell");
    lua_pushinteger(L, line);
    set_raw(L, table, "line");
}

void lb_push_error(lua_State *L, const char *kind, const char *message, const char *hint) {
    luaL_checkstack(L, 8, "error");
    new_error(L, kind);
    int table = lua_gettop(L);
    lua_pushstring(L, message);
    set_raw(L, table, "message");
    if (hint != NULL) {
        lua_pushstring(L, hint);
        set_raw(L, table, "hint");
    }
    lua_Debug info;
    if (innermost_lua(L, &info)) set_location(L, table, lb_chunk_name(&info), info.currentline);
}

int lb_raise(lua_State *L, const char *kind, const char *message, const char *hint) {
    lb_push_error(L, kind, message, hint);
    return lua_error(L);
}

int lb_raise_interrupt(lua_State *L) { return lb_raise(L, "cancelled", "interrupted", NULL); }

static bool is_error(lua_State *L, int index) {
    if (!lua_istable(L, index) || !lua_getmetatable(L, index)) return false;
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->error_metatable);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

// ---- Tracebacks -----------------------------------------------------------------------------------------------------

int lb_frame_count(lua_State *from) {
    lua_Debug info;
    int low = 0, high = 1;
    while (lua_getstack(from, high, &info)) {
        low = high;
        high *= 2;
    }
    while (low < high) {
        int middle = (low + high) / 2;
        if (lua_getstack(from, middle, &info)) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void push_traceback(lua_State *L, lua_State *from) {
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    int count = lb_frame_count(from);
    bool first = true;
    for (int level = 0; level < count; level++) {
        if (count > HEAD_FRAMES + TAIL_FRAMES && level == HEAD_FRAMES) {
            int skipped = count - HEAD_FRAMES - TAIL_FRAMES;
            lua_pushfstring(L, "\n... %d levels ...", skipped);
            luaL_addvalue(&text);
            level += skipped;
        }
        lua_Debug info;
        if (!lua_getstack(from, level, &info)) break;
        lua_getinfo(from, "Slnt", &info);
        if (info.currentline <= 0) continue; // frames of the bridge and of built-in functions say nothing to a user
        const char *separator = first ? "" : "\n";
        first = false;
        if (*info.what == 'm')
            lua_pushfstring(L, "%s%s:%d: in the cell", separator, lb_chunk_name(&info), info.currentline);
        else if (info.name != NULL)
            lua_pushfstring(
                L, "%s%s:%d: in function '%s'", separator, lb_chunk_name(&info), info.currentline, info.name);
        else
            lua_pushfstring(
                L, "%s%s:%d: in the function of line %d", separator, lb_chunk_name(&info), info.currentline,
                info.linedefined);
        luaL_addvalue(&text);
    }
    luaL_pushresult(&text);
}

// ---- Any error value becomes an error table -------------------------------------------------------------------------

// If the message begins with `name:LINE: `, sets the location and returns the rest.
static const char *strip_location(lua_State *L, int table, const char *message, const char *prefix, const char *cell) {
    size_t length = strlen(prefix);
    if (strncmp(message, prefix, length) != 0 || message[length] != ':') return NULL;
    char *end;
    long line = strtol(message + length + 1, &end, 10);
    if (end == message + length + 1 || end[0] != ':') return NULL;
    set_location(L, table, cell, (int)line);
    return end[1] == ' ' ? end + 2 : end + 1;
}

static void wrap_message(lua_State *L, lua_State *from, const char *chunk) { // the message is on top
    int source = lua_gettop(L);
    const char *message = lua_tostring(L, source);
    new_error(L, "usage");
    int table = lua_gettop(L);
    const char *rest = NULL;
    if (chunk != NULL) {
        // Lua cuts chunk names in messages: to LUA_IDSIZE - 1 characters
        char shown[LUA_IDSIZE];
        strncpy(shown, chunk, LUA_IDSIZE - 1);
        shown[LUA_IDSIZE - 1] = '\0';
        rest = strip_location(L, table, message, shown, chunk);
    }
    lua_Debug info;
    for (int level = 0; rest == NULL && lua_getstack(from, level, &info); level++) {
        lua_getinfo(from, "Sl", &info);
        if (info.currentline <= 0) continue;
        rest = strip_location(L, table, message, info.short_src, lb_chunk_name(&info));
        if (level > HEAD_FRAMES) break;
    }
    if (rest == NULL && innermost_lua(from, &info)) set_location(L, table, lb_chunk_name(&info), info.currentline);
    lua_pushstring(L, rest != NULL ? rest : message);
    set_raw(L, table, "message");
    lua_remove(L, source);
}

// A plain table with a message, as scripts raise them: error{kind = "data", message = "..."}.
static bool adopt_table(lua_State *L, lua_State *from) {
    int source = lua_gettop(L);
    raw_field(L, source, "message");
    bool usable = lua_type(L, -1) == LUA_TSTRING;
    lua_pop(L, 1);
    if (!usable) return false;
    new_error(L, "usage");
    int table = lua_gettop(L);
    static const char *const names[] = {"kind", "message", "hint", "cell", "line"};
    lua_Debug info;
    if (innermost_lua(from, &info)) set_location(L, table, lb_chunk_name(&info), info.currentline);
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        raw_field(L, source, names[i]);
        if (lua_isnil(L, -1)) lua_pop(L, 1);
        else set_raw(L, table, names[i]);
    }
    lua_remove(L, source);
    return true;
}

static void wrap_value(lua_State *L, lua_State *from, const char *chunk) { // the value is on top
    int source = lua_gettop(L);
    bool says_nothing = lua_istable(L, source) && luaL_getmetafield(L, source, "__tostring") == LUA_TNIL;
    lua_settop(L, source);
    if (says_nothing) {
        lua_pushliteral(L, "error value: a table"); // what is in it is added where it is reported
    } else {
        lua_pushfstring(L, "error value: %s", luaL_tolstring(L, source, NULL));
        lua_remove(L, source + 1);
    }
    wrap_message(L, from, chunk);
    lua_insert(L, source);
    if (says_nothing) set_raw(L, source, "value");
    else lua_pop(L, 1);
}

// Takes the field `value` out of the error table on top and pushes it.
void lb_take_error_value(lua_State *L) {
    int table = lua_gettop(L);
    raw_field(L, table, "value");
    lua_pushnil(L);
    set_raw(L, table, "value");
}

void lb_normalise_error(lua_State *L, lua_State *from, const char *chunk) {
    luaL_checkstack(L, LUA_MINSTACK, "error");
    lua_checkstack(from, LUA_MINSTACK);
    if (!is_error(L, -1)) {
        if (lua_type(L, -1) == LUA_TSTRING) {
            wrap_message(L, from, chunk);
        } else if (!lua_istable(L, -1) || !adopt_table(L, from)) {
            wrap_value(L, from, chunk);
        }
    }
    int table = lua_gettop(L);
    raw_field(L, table, "traceback");
    bool has = !lua_isnil(L, -1);
    lua_pop(L, 1);
    if (!has) {
        push_traceback(L, from);
        set_raw(L, table, "traceback");
    }
}

// ---- The metatable --------------------------------------------------------------------------------------------------

static int error_text(lua_State *L) {
    lua_settop(L, 1);
    if (!lua_istable(L, 1)) {
        luaL_tolstring(L, 1, NULL);
        return 1;
    }
    raw_field(L, 1, "cell");
    raw_field(L, 1, "line");
    raw_field(L, 1, "message");
    raw_field(L, 1, "hint");
    bool located = lua_isstring(L, 2) && lua_isinteger(L, 3);
    if (located) lua_pushfstring(L, "%s:%d: ", lua_tostring(L, 2), (int)lua_tointeger(L, 3));
    else lua_pushliteral(L, "");
    luaL_tolstring(L, 4, NULL);
    if (lua_isstring(L, 5)) lua_pushfstring(L, " (%s)", lua_tostring(L, 5));
    else lua_pushliteral(L, "");
    lua_concat(L, 3);
    return 1;
}

static int error_concatenation(lua_State *L) {
    lua_settop(L, 2);
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

void lb_open_errors(lua_State *L) {
    lua_createtable(L, 0, 3);
    lua_pushliteral(L, "rlhf.Error");
    lua_setfield(L, -2, "__name");
    lua_pushcfunction(L, error_text);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, error_concatenation);
    lua_setfield(L, -2, "__concat");
    lb_of(L)->error_metatable = luaL_ref(L, LUA_REGISTRYINDEX);
}
