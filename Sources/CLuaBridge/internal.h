// What the bridge's own files share. Everything that takes a lua_State may raise unless its comment says otherwise.
#pragma once
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "lua_bridge.h"

enum { LB_MAX_DEPTH = 64, LB_INLINE_ITEMS = 16, LB_MAX_HOPS = 20 };

struct lb_bridge {
    lua_State *main;
    lb_callbacks callbacks;
    bool closing;

    // Allocator
    size_t used, limit;
    int suspended; // > 0: the limit does not hold, so that errors can be reported at the limit
    int64_t fail_after, fail_count;
    size_t debt; // bytes of new objects outside of Lua, not yet told to the collector

    // Who runs
    lua_State *volatile running; // the coroutine that executes now: the one a hook must be set on
    lua_State *task;             // the task's own coroutine: the one that may wait by yielding
    int64_t token;
    bool waits; // set by the trampoline just before it yields

    // Interrupts
    atomic_bool interrupted;
    atomic_int entered;
    atomic_int wake_descriptor;
    pthread_t thread;
    struct lb_bridge *outer; // the bridge that this thread was in before

    bool keeps_postmortem; // errors do not replace the frames of the latest failure

    // References, kept for the life of the state
    int references, objects, types, outs, environment, error_metatable, postmortem, captures;
};

static inline lb_bridge *lb_of(lua_State *L) { return *(lb_bridge **)lua_getextraspace(L); }

// items.c
typedef struct lb_encoder {
    lb_item *items;
    size_t count, capacity;
    lb_item space[LB_INLINE_ITEMS];
    int max_depth;  // tables deeper than this are an error, or cut when displaying
    int max_items;  // displaying: items shown of each table
    bool display;   // never fails: cuts, marks cycles, honours __tostring
    bool shallow;   // tables become references
    int anchor;     // displaying: stack index of a table that keeps made texts alive
    int anchored;
    const void *path[LB_MAX_DEPTH + 2];
} lb_encoder;

void lb_encoder_init(lb_encoder *encoder);
void lb_encoder_free(lb_encoder *encoder);                       // never raises
void lb_encoder_discard(lua_State *L, lb_encoder *encoder);      // never raises; gives up its references
bool lb_encode_scalar(lua_State *L, lb_encoder *encoder, int index); // never raises; false: not a scalar, or no space
void lb_encode(lua_State *L, lb_encoder *encoder, int index, int depth);
// Encodes stack slots first...last and hands them to the sink; leaves no reference behind when it fails.
void lb_deliver(lua_State *L, lb_encoder *encoder, int first, int last, lb_sink sink, void *context);

// values.c
int lb_push_values(lua_State *L, lb_values *values); // returns how many
void lb_settle_debt(lua_State *L);

// references.c
int lb_reference(lua_State *L); // pops a value
void lb_push_reference(lua_State *L, int reference);
void lb_unreference(lua_State *L, int reference); // never raises

// errors.c
void lb_open_errors(lua_State *L);
// Pushes an error table; `cell` may be NULL, then the location is that of the innermost Lua function.
void lb_push_error(lua_State *L, const char *kind, const char *message, const char *hint);
int lb_raise(lua_State *L, const char *kind, const char *message, const char *hint);
int lb_raise_interrupt(lua_State *L);
// Replaces the error value on L's top by an error table with a location and a traceback of `from`.
void lb_normalise_error(lua_State *L, lua_State *from, const char *chunk);

// Takes the table out of an error table on top that stands for a plain one, and pushes it; nil for other errors.
void lb_take_error_value(lua_State *L);
const char *lb_chunk_name(const lua_Debug *info);
int lb_frame_count(lua_State *from);

// postmortem.c
void lb_open_postmortem(lua_State *L);
// Keeps the frames of a failed coroutine; its error table is on L's top. Never raises.
void lb_keep_frames(lua_State *L, lua_State *from);
void lb_frames(lua_State *L, lb_request *request);
void lb_frame_variables(lua_State *L, lb_request *request);
void lb_push_frame_environment(lua_State *L, int64_t number);

// captures.c
void lb_open_captures(lua_State *L);
// Remembers which functions of the session hold a local of the frame.
void lb_note_captures(lua_State *L, lua_State *from, lua_Debug *frame);
void lb_outdated_captures(lua_State *L, lb_request *request);

// globals.c
void lb_define(lua_State *L, lb_request *request);
void lb_reset_globals(lua_State *L);
void lb_watch_globals(lua_State *L, lb_request *request);

// host.c
int lb_host_function(lua_State *L); // upvalues: number, tables as references
void lb_push_host_function(lua_State *L, int64_t number, bool shallow);
void lb_define_type(lua_State *L, lb_request *request);
void lb_open_types(lua_State *L);
void lb_push_object(lua_State *L, lb_item *item);
bool lb_is_object(lua_State *L, int index, lb_item *item); // never raises

// interrupt.c
void lb_enter(lb_bridge *bridge);
void lb_leave(lb_bridge *bridge);
void lb_set_running(lb_bridge *bridge, lua_State *L);
void lb_forget(lb_bridge *bridge);
// Whether system calls of the threads that run Lua fail when an interrupt comes, instead of going on.
void lb_let_interrupts_end_calls(bool ends);
enum { LB_TICK = 50 }; // ms; an interrupt that comes just before a wait begins is seen after this time
// Leaves the terminal to someone else, a command or whoever answers, and takes it back.
void lb_lend_terminal(const lb_bridge *bridge, bool is_lent);

// commands.c
void lb_open_commands(lua_State *L);
// Tells the command at a file's other end, if there is one, of an interrupt.
void lb_hand_on_interrupt(luaL_Stream *stream);
// After a read: where the file has ended because an interrupt has stopped its command, the interrupt is Lua's too, though it may not
// have been told yet.
void lb_note_end(lb_bridge *bridge, luaL_Stream *stream);

// coroutines.c, patterns.c, waiting.c, libraries.c
void lb_open_coroutines(lua_State *L);
void lb_open_patterns(lua_State *L);
void lb_open_waiting_functions(lua_State *L);
void lb_open_libraries(lua_State *L, bool sandbox);
void lb_wrap_field(lua_State *L, const char *name, lua_CFunction wrapper); // of the table on top; its upvalue: what it wraps

// cells.c
void lb_load(lua_State *L, const char *text, size_t length, const char *name);
int lb_cell_out(lua_State *L);
void lb_start_cell(lua_State *L, lb_request *request);
void lb_start_call(lua_State *L, lb_request *request);
void lb_resume_task(lua_State *L, lb_request *request);
void lb_abandon_task(lua_State *L, lb_request *request);

// inspect.c
void lb_members(lua_State *L, lb_request *request);
void lb_peek(lua_State *L, lb_request *request);
void lb_globals(lua_State *L, lb_request *request);
void lb_display(lua_State *L, lb_request *request);
