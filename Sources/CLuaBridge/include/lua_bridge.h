// The whole of Lua that Swift can see. Nothing declared here raises, yields or is jumped over: see ../README.md.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lb_bridge lb_bridge;

// ---- Values ---------------------------------------------------------------------------------------------------------
// Values cross the border as a flat list of items: a table is one item followed by its array items, then by its pairs
// (a key item and a value's items, `count` times); a function is followed by a string item, the name of its chunk.

enum {
    LB_NIL,
    LB_FALSE,
    LB_TRUE,
    LB_INTEGER,
    LB_NUMBER,
    LB_STRING,
    LB_TABLE,
    LB_FUNCTION,
    LB_OBJECT,
    LB_REFERENCE, // to Lua only: the value behind a reference
    LB_OPAQUE,    // to Swift only: text that stands for a value without a Swift form
};

enum { LB_NO_REFERENCE = -2 };

typedef struct lb_item {
    int32_t tag;
    int32_t reference; // table, function: a reference or LB_NO_REFERENCE; object: the type's number
    union {
        int64_t integer;     // to Lua, a string's place in `bytes`
        double number;
        const void *pointer; // string: its bytes; object: the Swift box; table, function: the address
    } value;
    size_t length; // string: bytes; table: array items; object: the key that identifies it
    size_t count;  // table: pairs; object: bytes held outside of Lua; function: its first line
} lb_item;

// Values on their way to Lua. They own their memory and the objects that Lua has not taken over yet.
typedef struct lb_values {
    lb_item *items;
    size_t count, capacity;
    char *bytes;
    size_t byte_count, byte_capacity;
} lb_values;

void lb_add(lb_values *values, lb_item item);
void lb_add_string(lb_values *values, const char *bytes, size_t length);
void lb_values_free(const lb_bridge *bridge, lb_values *values);

// ---- Host functions -------------------------------------------------------------------------------------------------

// What a host function tells the trampoline to do once its Swift frames are gone.
enum { LB_RETURN, LB_RAISE, LB_WAIT };

typedef struct lb_call {
    int64_t function; // the number given at registration; in a continuation, the token of the wait
    const lb_item *items;
    size_t item_count;
    size_t argument_count;
    bool can_wait;     // LB_WAIT is allowed: this is a task's own coroutine
    lb_values results; // LB_RETURN: the values; LB_RAISE: kind, message, hint, cell, line, traceback
    size_t result_count;
    int64_t token; // LB_WAIT: what the continuation is called with
    void *thread;  // for lb_caller
} lb_call;

typedef struct lb_callbacks {
    void *context;
    int (*call)(void *context, lb_call *call);
    int (*proceed)(void *context, lb_call *call);
    void (*release)(void *box);
    void (*output)(void *context, const char *bytes, size_t length);
    void (*lend_terminal)(void *context, bool is_lent); // to a command, or to whoever types what the script reads
} lb_callbacks;

// The Lua code that called a host function: its chunk's name (valid during the call) and line; false if there is none.
bool lb_caller(const lb_call *call, const char **cell, int *line);

// ---- State ----------------------------------------------------------------------------------------------------------

typedef struct lb_options {
    size_t memory_limit; // bytes; 0 means none
    bool sandbox;        // no files, no processes, no loading of code, no finalizers
} lb_options;

lb_bridge *lb_open(lb_callbacks callbacks, lb_options options); // NULL when memory is short
void lb_close(lb_bridge *bridge);
size_t lb_memory_used(const lb_bridge *bridge);
void lb_set_memory_limit(lb_bridge *bridge, size_t bytes);
// Whether errors leave the frames of the latest failure as they are.
void lb_keep_postmortem(lb_bridge *bridge, bool keeps);
// Test aid: lets `after` growing allocations pass, then fails `count` of them. A negative `after` switches it off.
void lb_fail_allocations(lb_bridge *bridge, int64_t after, int64_t count);

// ---- Interrupts: callable from any thread and from signal handlers --------------------------------------------------

void lb_interrupt(lb_bridge *bridge);
bool lb_is_interrupted(const lb_bridge *bridge);
void lb_clear_interrupt(lb_bridge *bridge);
void lb_set_wake_descriptor(lb_bridge *bridge, int descriptor); // gets one byte for each interrupt
// Makes SIGINT interrupt this state; NULL gives the signal back to whom it belonged before.
void lb_take_sigint(lb_bridge *bridge);
// How many SIGINTs have come since the program started.
int lb_sigint_count(void);

// ---- Operations -----------------------------------------------------------------------------------------------------

enum {
    LB_OP_SET_GLOBAL,    // name, values[1]
    LB_OP_GET_GLOBAL,    // name, flag (by reference) -> values
    LB_OP_FUNCTION,      // number, flag (tables as references) -> a function
    LB_OP_DEFINE,        // name (a dotted path of _G), values[1]; table + function = callable table
    LB_OP_TYPE,          // name, number (the type's), values: see README
    LB_OP_COMPILE,       // text, name -> nothing
    LB_OP_CELL,          // text, name, number (of a frame, or 0) -> task
    LB_OP_CALL,          // reference (+ method name), values -> task
    LB_OP_RESUME,        // reference (a task) -> state, token, values
    LB_OP_ABANDON,       // reference (a task)
    LB_OP_READ,          // reference, flag (deep) -> values
    LB_OP_FIELD,         // reference, name, flag (by reference) -> values
    LB_OP_DISPLAY,       // values[1] -> values, tables cut to depth and limit
    LB_OP_MEMBERS,       // text (dotted path, may be empty) -> name, kind, name, kind, ...
    LB_OP_PEEK,          // text (dotted path) -> the value there by raw reads, or nothing
    LB_OP_GLOBALS,       // -> the session's own globals: name, value (references only), ...
    LB_OP_WATCH_GLOBALS, // number: the function told of reads of undefined globals: name, chunk, line
    LB_OP_CAPTURES,      // -> functions that hold an old local: path, name, chunk, by the function itself, ...
    LB_OP_FRAMES,        // -> frames of the latest failure, innermost first: chunk, line, name, ...
    LB_OP_FRAME,         // number (from 1) -> its variables: name, local or upvalue, value (references only), ...
    LB_OP_RESET,         // forgets the session's own globals
    LB_OP_COLLECT,       // a full collection
    LB_OP_UNREFERENCE,   // values: references to give up
};

// The state of a task after LB_OP_RESUME.
enum { LB_TASK_DONE, LB_TASK_WAITING, LB_TASK_YIELDED };

typedef void (*lb_sink)(void *context, const lb_item *items, size_t item_count, size_t value_count);

typedef struct lb_request {
    int operation;
    const char *text;
    size_t text_length;
    const char *name;
    int32_t reference;
    int64_t number;
    bool flag;
    int depth; // LB_OP_DISPLAY
    int limit;
    lb_values *values;
    void *context;
    lb_sink sink;             // called at most once, with the values
    lb_sink error_value_sink; // called before error_sink when the error is a plain table, with that for display
    lb_sink error_sink; // called at most once, with the error table; not at all when memory is too short even for that
    int32_t out_reference;
    int32_t out_state;
    int64_t out_token;
} lb_request;

// Runs one operation in a protected call: true if it went well.
bool lb_run(lb_bridge *bridge, lb_request *request);
