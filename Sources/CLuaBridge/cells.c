// Cells and tasks. Both run in a coroutine of their own, so that a host function can wait by yielding; a cell's
// top-level locals are copied into the session's environment when it ends, well or not.
#include <string.h>

#include "internal.h"

static void push_environment(lua_State *L) { lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->environment); }

void lb_load(lua_State *L, const char *text, size_t length, const char *name) {
    lua_pushfstring(L, "=%s", name);
    int status = luaL_loadbufferx(L, text, length, lua_tostring(L, -1), "t"); // "t": binary chunks can crash Lua
    lua_remove(L, -2);
    if (status != LUA_OK) lua_error(L);
    push_environment(L);
    if (lua_setupvalue(L, -2, 1) == NULL) lua_pop(L, 1);
}

// Copies the live locals of a frame of `from` into the environment; names that Lua made up begin with a parenthesis.
static void keep_locals(lua_State *L, lua_State *from, lua_Debug *frame) {
    luaL_checkstack(L, 6, "locals");
    if (!lua_checkstack(from, 4)) return;
    push_environment(L);
    int environment = lua_gettop(L);
    const char *name;
    for (int i = 1; (name = lua_getlocal(from, frame, i)) != NULL; i++) {
        if (name[0] == '(') {
            lua_pop(from, 1);
            continue;
        }
        if (from != L) lua_xmove(from, L, 1);
        lua_pushstring(L, name);
        lua_insert(L, -2);
        lua_rawset(L, environment);
    }
    lua_pop(L, 1);
    lb_note_captures(L, from, frame);
}

// The hidden call at a cell's end: records the values of the tail expression and the cell's locals.
int lb_cell_out(lua_State *L) {
    int count = lua_gettop(L);
    lua_createtable(L, count, 1);
    lua_insert(L, 1);
    for (int i = count; i >= 1; i--) lua_rawseti(L, 1, i);
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->outs);
    lua_pushthread(L);
    lua_pushvalue(L, 1);
    lua_rawset(L, -3);
    lua_Debug frame;
    if (lua_getstack(L, 1, &frame)) keep_locals(L, L, &frame);
    return 0;
}

static void keep_locals_of_failed(lua_State *L, lua_State *co) {
    lua_Debug frame;
    int level = 0;
    while (lua_getstack(co, level, &frame)) level = level ? level * 2 : 1;
    int low = level / 2, high = level; // the outermost frame lies between
    while (low < high) {
        int middle = (low + high) / 2;
        if (lua_getstack(co, middle, &frame)) low = middle + 1;
        else high = middle;
    }
    if (low == 0 || !lua_getstack(co, low - 1, &frame)) return;
    lua_getinfo(co, "S", &frame);
    if (*frame.what == 'm') keep_locals(L, co, &frame);
}

// ---- Tasks ----------------------------------------------------------------------------------------------------------

static const char cell_mark; // a task that is a cell has this address as the key of its function in `outs`

static lua_State *new_task(lua_State *L) { // pushes it
    lua_State *co = lua_newthread(L);
    lua_sethook(co, NULL, 0, 0); // a new coroutine inherits its creator's hook
    return co;
}

void lb_start_cell(lua_State *L, lb_request *request) {
    lua_State *co = new_task(L);
    lb_load(L, request->text, request->text_length, request->name);
    if (request->number > 0) { // an expression in a frame of the latest failure
        lb_push_frame_environment(L, request->number);
        if (lua_setupvalue(L, -2, 1) == NULL) lua_pop(L, 1);
    }
    lua_pushvalue(L, -1);
    lua_xmove(L, co, 1);
    // Mark it as a cell until its values are recorded.
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->outs);
    lua_pushvalue(L, -3);
    lua_pushlightuserdata(L, (void *)&cell_mark);
    lua_rawset(L, -3);
    lua_pop(L, 2);
    request->out_reference = lb_reference(L);
}

void lb_start_call(lua_State *L, lb_request *request) {
    lua_State *co = new_task(L);
    lb_push_reference(L, request->reference);
    int count = 0;
    if (request->name != NULL) {
        lua_getfield(L, -1, request->name); // may run __index
        if (lua_isnil(L, -1)) luaL_error(L, "the table has no method '%s'", request->name);
        lua_insert(L, -2);
        count = 1;
    }
    count += lb_push_values(L, request->values);
    if (!lua_checkstack(co, count + LUA_MINSTACK)) lb_raise(L, "usage", "too many arguments", NULL);
    lua_xmove(L, co, count + 1);
    request->out_reference = lb_reference(L);
}

// Pushes what the task stands for in `outs` (a table, the mark, or nil) and forgets it.
static void take_out(lua_State *L, int task) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->outs);
    lua_pushvalue(L, task);
    lua_rawget(L, -2);
    lua_pushvalue(L, task);
    lua_pushnil(L);
    lua_rawset(L, -4);
    lua_remove(L, -2);
}

static void deliver_results(lua_State *L, lb_request *request, int task, lua_State *co, int results) {
    int first = lua_gettop(L) + 1;
    if (!lua_checkstack(L, results + 8)) {
        lua_pop(co, results);
        lb_raise(L, "usage", "too many results", NULL);
    }
    lua_xmove(co, L, results);
    take_out(L, task);
    int out = lua_gettop(L);
    lb_encoder encoder;
    lb_encoder_init(&encoder);
    encoder.shallow = !lua_isnil(L, out);
    int last = out - 1;
    if (results == 0 && lua_istable(L, out)) {
        lua_getfield(L, out, "n");
        int count = (int)lua_tointeger(L, -1);
        lua_pop(L, 1);
        if (!lua_checkstack(L, count + 8)) lb_raise(L, "usage", "too many values", NULL);
        for (int i = 1; i <= count; i++) lua_rawgeti(L, out, i);
        first = out + 1;
        last = out + count;
    }
    lb_deliver(L, &encoder, first, last, request->sink, request->context);
}

// Closes the to-be-closed variables of a task that has failed. They shall run although an interrupt stopped the task; a
// second interrupt stops them too.
static void close_failed(lb_bridge *bridge, lua_State *co) {
    bool interrupted = atomic_exchange(&bridge->interrupted, false);
    lua_sethook(co, NULL, 0, 0);
    bridge->running = co;
    lua_resetthread(co);
    bridge->running = NULL;
    lua_settop(co, 0);
    if (interrupted) atomic_store(&bridge->interrupted, true);
}

void lb_resume_task(lua_State *L, lb_request *request) {
    lb_bridge *bridge = lb_of(L);
    lb_push_reference(L, request->reference);
    int task = lua_gettop(L);
    lua_State *co = lua_tothread(L, task);
    if (co == NULL) lb_raise(L, "internal", "no such task", NULL);
    lua_State *outer_task = bridge->task;
    int count = lua_status(co) == LUA_OK ? lua_gettop(co) - 1 : 0;
    int results = 0;
    bridge->task = co;
    bridge->waits = false;
    lb_set_running(bridge, co);
    int status = lua_resume(co, L, count, &results);
    bool waits = bridge->waits;
    bridge->waits = false;
    bridge->task = outer_task;
    bridge->running = NULL; // what follows is ours and not to be interrupted; lb_run restores it
    if (status == LUA_YIELD) {
        lua_pop(co, results);
        request->out_state = waits ? LB_TASK_WAITING : LB_TASK_YIELDED;
        request->out_token = bridge->token;
        return;
    }
    request->out_state = LB_TASK_DONE;
    if (status == LUA_OK) {
        deliver_results(L, request, task, co, results);
        return;
    }
    bridge->suspended++; // lb_run restores it
    take_out(L, task);
    if (!lua_isnil(L, -1)) keep_locals_of_failed(L, co);
    lua_pop(L, 1);
    lua_xmove(co, L, 1);
    lb_normalise_error(L, co, NULL);
    lb_keep_frames(L, co);
    close_failed(bridge, co);
    lua_error(L);
}

void lb_abandon_task(lua_State *L, lb_request *request) {
    lb_push_reference(L, request->reference);
    int task = lua_gettop(L);
    lua_State *co = lua_tothread(L, task);
    if (co == NULL) return;
    take_out(L, task);
    if (!lua_isnil(L, -1)) keep_locals_of_failed(L, co); // an interrupt may find a cell that has only yielded
    close_failed(lb_of(L), co);
}
