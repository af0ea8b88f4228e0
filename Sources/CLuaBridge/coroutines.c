// coroutine.resume, wrap and close: like Lua's own, but they keep track of the coroutine that runs, because hooks
// belong to one coroutine each, and they raise again in the resumer when an interrupt stopped the resumed one.
#include "internal.h"

static lua_State *thread_argument(lua_State *L) {
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co, 1, "coroutine");
    return co;
}

// Moves arguments and results as lua_resume wants them; -1 and an error value on top when it failed.
static int resume(lua_State *L, lua_State *co, int count) {
    lb_bridge *bridge = lb_of(L);
    if (!lua_checkstack(co, count)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, co, count);
    lua_State *resumer = bridge->running;
    lb_set_running(bridge, co);
    int results = 0;
    int status = lua_resume(co, L, count, &results);
    lb_set_running(bridge, resumer);
    if (status == LUA_OK || status == LUA_YIELD) {
        if (!lua_checkstack(L, results + 1)) {
            lua_pop(co, results);
            lua_pushliteral(L, "too many results to resume");
            return -1;
        }
        lua_xmove(co, L, results);
    } else {
        lua_xmove(co, L, 1);
        results = -1;
    }
    if (atomic_load(&bridge->interrupted)) lb_raise_interrupt(L);
    return results;
}

static int coroutine_resume(lua_State *L) {
    lua_State *co = thread_argument(L);
    int results = resume(L, co, lua_gettop(L) - 1);
    lua_pushboolean(L, results >= 0);
    int count = results < 0 ? 1 : results;
    lua_insert(L, -(count + 1));
    return count + 1;
}

static int close_tracked(lua_State *L, lua_State *co) {
    lb_bridge *bridge = lb_of(L);
    lua_State *closer = bridge->running;
    lb_set_running(bridge, co);
    int status = lua_resetthread(co);
    lb_set_running(bridge, closer);
    return status;
}

static int wrapped(lua_State *L) {
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int results = resume(L, co, lua_gettop(L));
    if (results >= 0) return results;
    int status = lua_status(co);
    if (status != LUA_OK && status != LUA_YIELD) { // it died of the error: close its variables
        if (close_tracked(L, co) != LUA_OK) lua_xmove(co, L, 1);
    }
    if (lua_type(L, -1) == LUA_TSTRING) { // as Lua does: say where it was resumed
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int coroutine_wrap(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

static int coroutine_close(lua_State *L) {
    lua_State *co = thread_argument(L);
    lua_Debug info;
    bool is_normal = co != L && lua_status(co) == LUA_OK && lua_getstack(co, 0, &info);
    if (co == L || is_normal) return luaL_error(L, "cannot close a %s coroutine", co == L ? "running" : "normal");
    if (close_tracked(L, co) == LUA_OK) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushboolean(L, 0);
    lua_xmove(co, L, 1);
    return 2;
}

void lb_open_coroutines(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"resume", coroutine_resume}, {"wrap", coroutine_wrap}, {"close", coroutine_close}, {NULL, NULL}};
    lua_getglobal(L, "coroutine");
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
}
