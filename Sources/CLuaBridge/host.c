// Lua calls Swift: the trampoline, and the userdata that stand for Swift objects. A Swift function returns a small
// number; whatever raises, yields or allocates in Lua happens here, after its frames are gone.
#include <string.h>

#include "internal.h"

// ---- The trampoline -------------------------------------------------------------------------------------------------

static int encode_arguments(lua_State *L) {
    lb_encoder *encoder = lua_touserdata(L, 1);
    int last = lua_gettop(L);
    for (int i = 2; i <= last; i++) lb_encode(L, encoder, i, 0);
    return 0;
}

static int push_results(lua_State *L) {
    lb_values *values = lua_touserdata(L, 1);
    lua_settop(L, 0);
    return lb_push_values(L, values);
}

static int push_host_error(lua_State *L) {
    lb_bridge *bridge = lb_of(L);
    lb_values *values = lua_touserdata(L, 1);
    bridge->suspended++; // an error must be reportable at the limit; the memory it takes is tiny
    lua_settop(L, 0);
    lb_push_values(L, values); // kind, message, hint, cell, line, traceback
    lua_settop(L, 6);
    lb_push_error(L, lua_tostring(L, 1), lua_tostring(L, 2), lua_tostring(L, 3));
    static const char *const names[] = {"cell", "line", "traceback"};
    for (int i = 0; i < 3; i++) {
        if (lua_isnil(L, 4 + i)) continue;
        lua_pushstring(L, names[i]);
        lua_pushvalue(L, 4 + i);
        lua_rawset(L, 7);
    }
    return 1;
}

static int host_continue(lua_State *L, int status, lua_KContext context);

static int finish(lua_State *L, lb_bridge *bridge, lb_call *call, int action) {
    if (action == LB_WAIT) {
        lb_values_free(bridge, &call->results);
        bridge->waits = true;
        bridge->token = call->token;
        return lua_yieldk(L, 0, (lua_KContext)call->token, host_continue);
    }
    int base = lua_gettop(L);
    int depth = bridge->suspended;
    lua_pushcfunction(L, action == LB_RAISE ? push_host_error : push_results);
    lua_pushlightuserdata(L, &call->results);
    int status = lua_pcall(L, 1, LUA_MULTRET, 0);
    bridge->suspended = depth;
    lb_values_free(bridge, &call->results);
    if (action == LB_RAISE || status != LUA_OK) return lua_error(L);
    if (atomic_load(&bridge->interrupted)) return lb_raise_interrupt(L);
    lb_settle_debt(L);
    return lua_gettop(L) - base;
}

static int host_continue(lua_State *L, int status, lua_KContext context) {
    (void)status;
    lb_bridge *bridge = lb_of(L);
    if (!lua_checkstack(L, LUA_MINSTACK)) return lb_raise(L, "usage", "stack overflow", NULL);
    lb_call call;
    memset(&call, 0, sizeof(call));
    call.function = (int64_t)context;
    call.can_wait = L == bridge->task && lua_isyieldable(L);
    call.thread = L;
    int action = bridge->callbacks.proceed(bridge->callbacks.context, &call);
    return finish(L, bridge, &call, action);
}

int lb_host_function(lua_State *L) {
    lb_bridge *bridge = lb_of(L);
    if (bridge->closing) return lb_raise(L, "internal", "the session is closing", NULL);
    int count = lua_gettop(L);
    if (!lua_checkstack(L, count + LUA_MINSTACK)) return lb_raise(L, "usage", "too many arguments", NULL);
    lb_encoder encoder;
    lb_encoder_init(&encoder);
    encoder.shallow = lua_toboolean(L, lua_upvalueindex(2));
    for (int i = 1; i <= count; i++) {
        if (lb_encode_scalar(L, &encoder, i)) continue;
        encoder.count = 0;
        lua_pushcfunction(L, encode_arguments);
        lua_pushlightuserdata(L, &encoder);
        for (int j = 1; j <= count; j++) lua_pushvalue(L, j);
        if (lua_pcall(L, count + 1, 0, 0) != LUA_OK) {
            lb_encoder_discard(L, &encoder);
            return lua_error(L);
        }
        break;
    }
    lb_call call;
    memset(&call, 0, sizeof(call));
    call.function = lua_tointeger(L, lua_upvalueindex(1));
    call.items = encoder.items;
    call.item_count = encoder.count;
    call.argument_count = (size_t)count;
    call.can_wait = L == bridge->task && lua_isyieldable(L);
    call.thread = L;
    int action = bridge->callbacks.call(bridge->callbacks.context, &call);
    lb_encoder_free(&encoder);
    return finish(L, bridge, &call, action);
}

void lb_push_host_function(lua_State *L, int64_t number, bool shallow) {
    lua_pushinteger(L, number);
    lua_pushboolean(L, shallow);
    lua_pushcclosure(L, lb_host_function, 2);
}

// ---- Objects --------------------------------------------------------------------------------------------------------

typedef struct object {
    const void *box;
    size_t key;
    lua_Integer bytes;
    int type;
} object;

static const char object_mark; // its address in a metatable says that the userdata are ours

bool lb_is_object(lua_State *L, int index, lb_item *item) {
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_checkstack(L, 3) || !lua_getmetatable(L, index)) return false;
    bool ours = lua_rawgetp(L, -1, &object_mark) != LUA_TNIL;
    lua_pop(L, 2);
    object *value = lua_touserdata(L, index);
    if (!ours || value->box == NULL) return false;
    item->tag = LB_OBJECT;
    item->reference = value->type;
    item->value.pointer = value->box;
    item->length = value->key;
    return true;
}

// The same Swift object is the same userdata for as long as Lua holds it, so that == and table keys work.
void lb_push_object(lua_State *L, lb_item *item) {
    lb_bridge *bridge = lb_of(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, bridge->objects);
    if (lua_rawgetp(L, -1, (void *)item->length) != LUA_TNIL) {
        lua_remove(L, -2);
        return; // lb_values_free releases the second box
    }
    lua_pop(L, 1);
    object *value = lua_newuserdatauv(L, sizeof(object), 0);
    memset(value, 0, sizeof(*value));
    lua_rawgeti(L, LUA_REGISTRYINDEX, bridge->types);
    if (lua_rawgeti(L, -1, item->reference) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_rawgeti(L, -1, 0);
    }
    lua_setmetatable(L, -3);
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -3, (void *)item->length);
    lua_remove(L, -2);
    value->box = item->value.pointer; // from here on the collector owns it
    value->key = item->length;
    value->type = item->reference;
    item->value.pointer = NULL;
    bridge->debt += item->count + sizeof(object);
}

static int object_collect(lua_State *L) {
    object *value = lua_touserdata(L, 1);
    const void *box = value->box;
    value->box = NULL;
    if (box != NULL) lb_of(L)->callbacks.release((void *)box);
    return 0;
}

static int object_text(lua_State *L) {
    luaL_getmetafield(L, 1, "__name");
    return 1;
}

// __index of a type. Upvalues: methods, property getters, what to call otherwise.
static int object_index(lua_State *L) {
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 1);
        return 1;
    }
    lua_pushvalue(L, lua_upvalueindex(3));
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_call(L, 2, 1);
    return 1;
}

static void new_metatable(lua_State *L, const char *name) {
    lua_createtable(L, 0, 12);
    lua_pushboolean(L, 1);
    lua_rawsetp(L, -2, &object_mark);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__metatable");
    lua_pushcfunction(L, object_collect);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, object_text);
    lua_setfield(L, -2, "__tostring");
}

// values: three tables {name = function number}: methods, properties, metamethods (with their two underscores).
void lb_define_type(lua_State *L, lb_request *request) {
    int base = lua_gettop(L);
    lb_push_values(L, request->values);
    for (int i = 1; i <= 3; i++) {
        lua_newtable(L);
        lua_pushnil(L);
        while (lua_next(L, base + i)) {
            lb_push_host_function(L, lua_tointeger(L, -1), false);
            lua_remove(L, -2);
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, -4);
        }
        lua_replace(L, base + i);
    }
    new_metatable(L, request->name);
    int metatable = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, base + 3)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, metatable);
    }
    lua_pushvalue(L, base + 1);
    lua_pushvalue(L, base + 2);
    lua_getfield(L, metatable, "__index");
    lua_pushcclosure(L, object_index, 3);
    lua_setfield(L, metatable, "__index");
    lua_pushvalue(L, base + 1); // for completion, which calls nothing
    lua_setfield(L, metatable, "__methods");
    lua_pushvalue(L, base + 2);
    lua_setfield(L, metatable, "__properties");
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->types);
    lua_pushvalue(L, metatable);
    lua_rawseti(L, -2, request->number);
}

void lb_open_types(lua_State *L) {
    lb_bridge *bridge = lb_of(L);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    bridge->objects = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_newtable(L);
    new_metatable(L, "object");
    lua_rawseti(L, -2, 0);
    bridge->types = luaL_ref(L, LUA_REGISTRYINDEX);
}
