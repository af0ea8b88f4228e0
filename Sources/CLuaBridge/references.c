// Values that Swift keeps by identity: slots of a table in the registry.
#include "internal.h"

int lb_reference(lua_State *L) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->references);
    lua_insert(L, -2);
    int reference = luaL_ref(L, -2);
    lua_pop(L, 1);
    return reference;
}

void lb_push_reference(lua_State *L, int reference) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->references);
    lua_rawgeti(L, -1, reference);
    lua_remove(L, -2);
}

void lb_unreference(lua_State *L, int reference) {
    if (reference < 0 || !lua_checkstack(L, 4)) return;
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->references);
    luaL_unref(L, -1, reference); // both keys exist already, so nothing is allocated
    lua_pop(L, 1);
}
