// Functions that hold a cell's local. A cell's locals are copied into the session when it ends, so a function that has
// captured one of them and a later cell that assigns the name mean two variables: an old trap of Lua notebooks, and one
// that is told of.
#include <string.h>

#include "internal.h"

enum { MAX_VISITED = 4000, MAX_FIELDS = 200 };

// A record: function, index (of the upvalue), where it was found (holder, key, root), path, name, cell, and the value that
// function and session shared when the cell ended.
typedef struct search {
    lua_State *L, *from;
    lua_Debug *frame;
    int records, environment, visited;
    const char *cell;
} search;

static int local_named(lua_State *from, lua_Debug *frame, const char *wanted) {
    int found = 0;
    const char *name;
    for (int i = 1; (name = lua_getlocal(from, frame, i)) != NULL; i++) {
        if (strcmp(name, wanted) == 0) found = i;
        lua_pop(from, 1);
    }
    return found;
}

// Whether an upvalue and a live local are one variable: what is written to the one is read from the other.
static bool is_same_variable(const search *at, int function, int upvalue, int local) {
    lua_State *L = at->L, *from = at->from;
    static const char mark;
    if (lua_getlocal(from, at->frame, local) == NULL) return false; // kept on the stack to be put back
    lua_pushlightuserdata(from, (void *)&mark);
    lua_setlocal(from, at->frame, local);
    lua_getupvalue(L, function, upvalue);
    bool same = lua_touserdata(L, -1) == (const void *)&mark;
    lua_pop(L, 1);
    lua_setlocal(from, at->frame, local);
    return same;
}

// `root`: the variable that holds the table in which the function is a field; NULL for a variable itself.
static void look_at(const search *at, int function, int holder, int key, const char *root, const char *path) {
    lua_State *L = at->L;
    if (lua_iscfunction(L, function)) return;
    const char *name;
    for (int i = 1; (name = lua_getupvalue(L, function, i)) != NULL; i++) {
        lua_pop(L, 1);
        if (strcmp(name, "_ENV") == 0 || name[0] == '(') continue;
        int local = local_named(at->from, at->frame, name);
        if (local == 0 || !is_same_variable(at, function, i, local)) continue;
        lua_createtable(L, 0, 8);
        if (luaL_newmetatable(L, "rlhf.Capture")) { // weak: noting a function keeps nothing alive
            lua_pushliteral(L, "v");
            lua_setfield(L, -2, "__mode");
        }
        lua_setmetatable(L, -2);
        lua_pushvalue(L, function);
        lua_setfield(L, -2, "function");
        lua_pushinteger(L, i);
        lua_setfield(L, -2, "index");
        lua_pushvalue(L, holder);
        lua_setfield(L, -2, "holder");
        lua_pushvalue(L, key);
        lua_setfield(L, -2, "key");
        lua_pushstring(L, root);
        lua_setfield(L, -2, "root");
        lua_pushstring(L, path);
        lua_setfield(L, -2, "path");
        lua_pushstring(L, name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, at->cell);
        lua_setfield(L, -2, "cell");
        lua_getupvalue(L, function, i);
        lua_setfield(L, -2, "value");
        lua_rawseti(L, at->records, (lua_Integer)lua_rawlen(L, at->records) + 1);
    }
}

// Functions in the session's variables and in the fields of their tables.
static void search_table(search *at, int table, const char *prefix) {
    lua_State *L = at->L;
    luaL_checkstack(L, 12, "captures");
    int fields = 0;
    lua_pushnil(L);
    while (lua_next(L, table)) {
        int value = lua_gettop(L), key = value - 1;
        bool goes_on = ++at->visited <= MAX_VISITED && (prefix == NULL || ++fields <= MAX_FIELDS);
        if (goes_on && lua_type(L, key) == LUA_TSTRING) {
            if (prefix == NULL) lua_pushvalue(L, key);
            else lua_pushfstring(L, "%s.%s", prefix, lua_tostring(L, key));
            const char *path = lua_tostring(L, -1);
            if (lua_isfunction(L, value)) look_at(at, value, table, key, prefix, path);
            else if (prefix == NULL && lua_istable(L, value)) search_table(at, value, path);
        }
        if (!goes_on) {
            lua_settop(L, key - 1);
            return;
        }
        lua_settop(L, key);
    }
}

void lb_note_captures(lua_State *L, lua_State *from, lua_Debug *frame) {
    luaL_checkstack(L, LUA_MINSTACK, "captures");
    if (!lua_checkstack(from, 8)) return;
    int top = lua_gettop(L);
    search at = {.L = L, .from = from, .frame = frame};
    lua_getinfo(from, "S", frame);
    at.cell = lb_chunk_name(frame);
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->captures);
    at.records = top + 1;
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->environment);
    at.environment = top + 2;
    search_table(&at, at.environment, NULL);
    lua_settop(L, top);
}

static bool is_gone(lua_State *L, int record, int environment) { // something else is where the function was found
    bool is_held = lua_getfield(L, record, "holder") == LUA_TTABLE;
    if (is_held && lua_getfield(L, record, "root") == LUA_TSTRING) {
        lua_rawget(L, environment);
        is_held = lua_rawequal(L, -1, -2);
    }
    lua_settop(L, record + 1);
    if (!is_held) {
        lua_settop(L, record);
        return true;
    }
    lua_getfield(L, record, "key");
    lua_rawget(L, -2);
    lua_getfield(L, record, "function");
    bool gone = !lua_rawequal(L, -1, -2);
    lua_settop(L, record);
    return gone;
}

// path, name, cell, whether the function itself has changed the variable: of every function that means another variable
// than the session does. Records of functions that have been replaced are dropped.
void lb_outdated_captures(lua_State *L, lb_request *request) {
    luaL_checkstack(L, LUA_MINSTACK, "captures");
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->captures);
    int records = lua_gettop(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->environment);
    int environment = records + 1;
    lua_newtable(L);
    int kept = records + 2, first = records + 3, count = (int)lua_rawlen(L, records);
    for (int i = 1; i <= count; i++) {
        luaL_checkstack(L, LUA_MINSTACK, "captures");
        lua_rawgeti(L, records, i);
        int record = lua_gettop(L);
        if (is_gone(L, record, environment)) {
            lua_settop(L, record - 1);
            continue;
        }
        lua_pushvalue(L, record);
        lua_rawseti(L, kept, (lua_Integer)lua_rawlen(L, kept) + 1);
        lua_getfield(L, record, "function");
        lua_getfield(L, record, "index");
        lua_getupvalue(L, record + 1, (int)lua_tointeger(L, record + 2));
        lua_getfield(L, record, "name");
        lua_rawget(L, environment);
        lua_getfield(L, record, "value");
        bool differs = !lua_rawequal(L, record + 3, record + 4), by_function = lua_rawequal(L, record + 4, record + 5);
        lua_settop(L, record);
        if (differs) {
            lua_getfield(L, record, "path");
            lua_getfield(L, record, "name");
            lua_getfield(L, record, "cell");
            lua_pushboolean(L, by_function);
        }
        lua_remove(L, record);
    }
    lua_pushvalue(L, kept);
    lua_rawseti(L, LUA_REGISTRYINDEX, lb_of(L)->captures);
    lb_encoder encoder;
    lb_encoder_init(&encoder);
    lb_deliver(L, &encoder, first, lua_gettop(L), request->sink, request->context);
}

void lb_open_captures(lua_State *L) {
    lua_newtable(L);
    lb_of(L)->captures = luaL_ref(L, LUA_REGISTRYINDEX);
}
