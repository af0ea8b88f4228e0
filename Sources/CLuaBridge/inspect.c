// Looking at values without running anything: completion, the list of globals, summaries for display.
#include <string.h>

#include "internal.h"


static const char *kind_of(lua_State *L, int index) {
    switch (lua_type(L, index)) {
    case LUA_TFUNCTION: return "function";
    case LUA_TTABLE: return "table";
    case LUA_TUSERDATA: return "object";
    default: return "value";
    }
}

// Adds name, kind for every string key of a table; `kind` NULL takes the kind of the value. Names may come twice.
static void add_names(lua_State *L, int table, const char *kind, int names) {
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (lua_type(L, -2) == LUA_TSTRING) {
            lua_pushvalue(L, -2);
            lua_rawseti(L, names, (lua_Integer)lua_rawlen(L, names) + 1);
            lua_pushstring(L, kind != NULL ? kind : kind_of(L, lua_gettop(L)));
            lua_rawseti(L, names, (lua_Integer)lua_rawlen(L, names) + 1);
        }
        lua_pop(L, 1);
    }
}

// Replaces the value on top by its metatable's field; false (and nothing pushed) if there is none.
static bool metafield(lua_State *L, const char *name) {
    if (!lua_getmetatable(L, -1)) {
        lua_pop(L, 1);
        return false;
    }
    lua_remove(L, -2);
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (!lua_isnil(L, -1)) return true;
    lua_pop(L, 1);
    return false;
}

// Replaces the value on top by its field, following __index tables only.
static bool raw_path_field(lua_State *L, const char *name, size_t length) {
    for (int hops = 0; hops < LB_MAX_HOPS; hops++) {
        if (lua_type(L, -1) == LUA_TUSERDATA) {
            if (!metafield(L, "__methods")) return false;
        }
        if (!lua_istable(L, -1)) break;
        lua_pushlstring(L, name, length);
        if (lua_rawget(L, -2) != LUA_TNIL) {
            lua_remove(L, -2);
            return true;
        }
        lua_pop(L, 1);
        if (!metafield(L, "__index")) return false;
    }
    lua_pop(L, 1);
    return false;
}

// Pushes the value at a dotted path; false (and nothing pushed) if there is none.
static bool push_path(lua_State *L, const char *path, size_t length) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->environment);
    const char *part = path, *end = path + length;
    while (part < end) {
        const char *dot = memchr(part, '.', (size_t)(end - part));
        const char *stop = dot != NULL ? dot : end;
        if (lua_type(L, -1) == LUA_TSTRING && !metafield(L, "__index")) return false;
        if (!raw_path_field(L, part, (size_t)(stop - part))) return false;
        part = stop + 1;
    }
    return true;
}

void lb_peek(lua_State *L, lb_request *request) {
    int before = lua_gettop(L);
    push_path(L, request->text, request->text_length);
    lb_encoder encoder;
    lb_encoder_init(&encoder);
    encoder.shallow = true;
    lb_deliver(L, &encoder, before + 1, lua_gettop(L), request->sink, request->context);
}

void lb_members(lua_State *L, lb_request *request) {
    lua_newtable(L);
    int names = lua_gettop(L);
    bool found = push_path(L, request->text, request->text_length);
    if (found && lua_type(L, -1) == LUA_TSTRING) found = metafield(L, "__index");
    for (int hops = 0; found && hops < LB_MAX_HOPS; hops++) {
        if (lua_type(L, -1) == LUA_TUSERDATA) {
            lua_pushvalue(L, -1);
            if (metafield(L, "__methods")) {
                add_names(L, lua_gettop(L), "method", names);
                lua_pop(L, 1);
            }
            if (metafield(L, "__properties")) add_names(L, lua_gettop(L), "property", names);
            break;
        }
        if (!lua_istable(L, -1)) break;
        add_names(L, lua_gettop(L), NULL, names);
        found = metafield(L, "__index");
    }
    lua_settop(L, names);
    int count = (int)lua_rawlen(L, names);
    if (!lua_checkstack(L, count + 8)) lb_raise(L, "usage", "too many names", NULL);
    for (int i = 1; i <= count; i++) lua_rawgeti(L, names, i);
    lb_encoder encoder;
    lb_encoder_init(&encoder);
    lb_deliver(L, &encoder, names + 1, names + count, request->sink, request->context);
}

void lb_globals(lua_State *L, lb_request *request) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->environment);
    int environment = lua_gettop(L), count = 0;
    lua_pushnil(L);
    while (lua_next(L, environment)) {
        if (lua_type(L, -2) == LUA_TSTRING) count++;
        lua_pop(L, 1);
    }
    if (!lua_checkstack(L, 2 * count + 8)) lb_raise(L, "usage", "too many globals", NULL);
    lua_pushnil(L);
    while (lua_next(L, environment)) {
        bool is_name = lua_type(L, -2) == LUA_TSTRING;
        if (!is_name) lua_pop(L, 1);
        else lua_pushvalue(L, -2); // name, value, and the name again for lua_next
    }
    lb_encoder encoder;
    lb_encoder_init(&encoder);
    encoder.shallow = true;
    lb_deliver(L, &encoder, environment + 1, environment + 2 * count, request->sink, request->context);
}

void lb_display(lua_State *L, lb_request *request) {
    int first = lua_gettop(L) + 1;
    int count = lb_push_values(L, request->values);
    lb_encoder encoder;
    lb_encoder_init(&encoder);
    encoder.display = true;
    encoder.max_depth = request->depth < LB_MAX_DEPTH ? request->depth : LB_MAX_DEPTH;
    encoder.max_items = request->limit;
    lb_deliver(L, &encoder, first, first + count - 1, request->sink, request->context);
}
