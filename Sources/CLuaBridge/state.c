// The state itself: allocator, opening and closing, and the one protected door through which Swift enters Lua.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

// ---- Allocator ------------------------------------------------------------------------------------------------------

static void *allocate(void *context, void *block, size_t old_size, size_t new_size) {
    lb_bridge *bridge = context;
    size_t old = block != NULL ? old_size : 0; // for new blocks Lua passes a type here
    if (new_size == 0) {
        free(block);
        bridge->used -= old;
        return NULL;
    }
    if (new_size > old) {
        if (bridge->fail_after >= 0) {
            if (bridge->fail_after > 0) bridge->fail_after--;
            else if (bridge->fail_count > 0) {
                bridge->fail_count--;
                return NULL;
            }
        }
        if (bridge->limit > 0 && bridge->suspended == 0 && bridge->used - old + new_size > bridge->limit) return NULL;
    }
    void *grown = realloc(block, new_size);
    if (grown == NULL) return new_size <= old ? block : NULL; // Lua relies on shrinking never to fail
    bridge->used += new_size - old;
    return grown;
}

void lb_keep_postmortem(lb_bridge *bridge, bool keeps) { bridge->keeps_postmortem = keeps; }

size_t lb_memory_used(const lb_bridge *bridge) { return bridge->used; }

void lb_set_memory_limit(lb_bridge *bridge, size_t bytes) { bridge->limit = bytes; }

void lb_fail_allocations(lb_bridge *bridge, int64_t after, int64_t count) {
    bridge->fail_after = after;
    bridge->fail_count = count;
}

// ---- Open and close -------------------------------------------------------------------------------------------------

static int panic(lua_State *L) {
    const char *message = lua_tostring(L, -1);
    if (message == NULL) message = "?";
    fprintf(stderr, "rlhf-repl: Lua raised an error outside of a protected call: %s\n", message);
    return 0; // Lua aborts; this is a bug of the bridge
}

static int new_registry_table(lua_State *L) {
    lua_newtable(L);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

static int open(lua_State *L) {
    lb_bridge *bridge = lb_of(L);
    const lb_options *options = lua_touserdata(L, 1);
    bridge->references = new_registry_table(L);
    lua_newtable(L); // values of cells by coroutine; a coroutine that is gone takes its values along
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    bridge->outs = luaL_ref(L, LUA_REGISTRYINDEX);
    lb_open_errors(L);
    lb_open_types(L);
    lb_open_postmortem(L);
    lb_open_captures(L);
    lb_open_libraries(L, options->sandbox);
    lua_pushcfunction(L, lb_cell_out);
    lua_setglobal(L, "__out");
    // What cells assign stays in a table of its own, over the built-in globals.
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushglobaltable(L);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    bridge->environment = luaL_ref(L, LUA_REGISTRYINDEX);
    // The first reference makes the free list, so that giving one up later allocates nothing.
    lua_pushboolean(L, 1);
    lb_unreference(L, lb_reference(L));
    return 0;
}

lb_bridge *lb_open(lb_callbacks callbacks, lb_options options) {
    lb_bridge *bridge = calloc(1, sizeof(lb_bridge));
    if (bridge == NULL) return NULL;
    bridge->callbacks = callbacks;
    bridge->fail_after = -1;
    atomic_store(&bridge->wake_descriptor, -1);
    lua_State *L = lua_newstate(allocate, bridge);
    if (L == NULL) {
        free(bridge);
        return NULL;
    }
    bridge->main = L;
    *(lb_bridge **)lua_getextraspace(L) = bridge; // copied to every coroutine
    lua_atpanic(L, panic);
    lua_pushcfunction(L, open);
    lua_pushlightuserdata(L, &options);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
        lb_close(bridge);
        return NULL;
    }
    bridge->limit = options.memory_limit; // only now: the libraries themselves are not the user's
    return bridge;
}

void lb_close(lb_bridge *bridge) {
    lb_forget(bridge);
    bridge->closing = true;
    bridge->limit = 0;
    bridge->fail_after = -1;
    atomic_store(&bridge->interrupted, false);
    lua_close(bridge->main);
    free(bridge);
}

// ---- Operations -----------------------------------------------------------------------------------------------------

static void deliver_top(lua_State *L, lb_request *request, bool shallow) {
    lb_encoder encoder;
    lb_encoder_init(&encoder);
    encoder.shallow = shallow;
    int top = lua_gettop(L);
    lb_deliver(L, &encoder, top, top, request->sink, request->context);
}

static void unreference_all(lua_State *L, lb_values *values) {
    for (size_t i = 0; i < values->count; i++) lb_unreference(L, (int)values->items[i].value.integer);
}

static int operate(lua_State *L) {
    lb_request *request = lua_touserdata(L, 1);
    switch (request->operation) {
    case LB_OP_SET_GLOBAL:
        lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->environment);
        lua_pushstring(L, request->name);
        lb_push_values(L, request->values);
        lua_rawset(L, 2);
        break;
    case LB_OP_GET_GLOBAL:
        lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->environment);
        lua_getfield(L, -1, request->name);
        deliver_top(L, request, request->flag);
        break;
    case LB_OP_FUNCTION:
        lb_push_host_function(L, request->number, request->flag);
        deliver_top(L, request, true);
        break;
    case LB_OP_DEFINE: lb_define(L, request); break;
    case LB_OP_TYPE: lb_define_type(L, request); break;
    case LB_OP_COMPILE: lb_load(L, request->text, request->text_length, request->name); break;
    case LB_OP_CELL: lb_start_cell(L, request); break;
    case LB_OP_CALL: lb_start_call(L, request); break;
    case LB_OP_RESUME: lb_resume_task(L, request); break;
    case LB_OP_ABANDON: lb_abandon_task(L, request); break;
    case LB_OP_READ:
        lb_push_reference(L, request->reference);
        deliver_top(L, request, !request->flag);
        break;
    case LB_OP_FIELD:
        lb_push_reference(L, request->reference);
        lua_getfield(L, -1, request->name);
        deliver_top(L, request, request->flag);
        break;
    case LB_OP_DISPLAY: lb_display(L, request); break;
    case LB_OP_MEMBERS: lb_members(L, request); break;
    case LB_OP_PEEK: lb_peek(L, request); break;
    case LB_OP_GLOBALS: lb_globals(L, request); break;
    case LB_OP_WATCH_GLOBALS: lb_watch_globals(L, request); break;
    case LB_OP_CAPTURES: lb_outdated_captures(L, request); break;
    case LB_OP_FRAMES: lb_frames(L, request); break;
    case LB_OP_FRAME: lb_frame_variables(L, request); break;
    case LB_OP_RESET: lb_reset_globals(L); break;
    case LB_OP_COLLECT: lua_gc(L, LUA_GCCOLLECT); break;
    case LB_OP_UNREFERENCE: unreference_all(L, request->values); break;
    default: lb_raise(L, "internal", "no such operation", NULL);
    }
    lb_settle_debt(L);
    return 0;
}

static int report_error(lua_State *L) { // request, error
    lb_request *request = lua_touserdata(L, 1);
    lb_normalise_error(L, L, request->operation == LB_OP_RESUME ? NULL : request->name);
    lb_encoder encoder;
    lb_take_error_value(L);
    if (!lua_isnil(L, 3)) {
        lb_encoder_init(&encoder);
        encoder.display = true;
        encoder.max_depth = 3;
        encoder.max_items = 20;
        lb_deliver(L, &encoder, 3, 3, request->error_value_sink, request->context);
    }
    lb_encoder_init(&encoder);
    lb_deliver(L, &encoder, 2, 2, request->error_sink, request->context);
    return 0;
}

bool lb_run(lb_bridge *bridge, lb_request *request) {
    lua_State *L = bridge->running != NULL ? bridge->running : bridge->main;
    lua_State *outer_running = bridge->running, *outer_task = bridge->task;
    int suspended = bridge->suspended;
    int top = lua_gettop(L);
    if (!lua_checkstack(L, LUA_MINSTACK)) return false;
    lb_enter(bridge);
    // An operation starts without a hook even after an interrupt, or nothing could be tidied up; one that comes now still stops
    // it. Of those on tasks it stops the task alone: stopped themselves, they would lose a cell's locals.
    lua_sethook(L, NULL, 0, 0);
    bool is_of_task = request->operation == LB_OP_RESUME || request->operation == LB_OP_ABANDON;
    bridge->running = is_of_task ? NULL : L;
    lua_pushcfunction(L, operate);
    lua_pushlightuserdata(L, request);
    bool good = lua_pcall(L, 1, 0, 0) == LUA_OK;
    if (!good) {
        bridge->suspended = suspended + 1;
        bridge->task = outer_task;
        bridge->running = NULL; // reporting runs no user code but __tostring, and must not be interrupted
        lua_sethook(L, NULL, 0, 0);
        lua_pushcfunction(L, report_error);
        lua_insert(L, -2);
        lua_pushlightuserdata(L, request);
        lua_insert(L, -2);
        lua_pcall(L, 2, 0, 0); // when even this fails, the caller knows that memory is short
    }
    bridge->suspended = suspended;
    bridge->running = NULL;
    if (outer_running == NULL) lua_sethook(L, NULL, 0, 0); // the outermost protected call has ended
    lb_set_running(bridge, outer_running);
    lua_settop(L, top);
    lb_leave(bridge);
    return good;
}
