// What the frames of a failed task held: their variables by reference, so that a user can look at them when the stack is
// gone. The latest failure alone is kept.
#include <string.h>

#include "internal.h"

enum { HEAD_FRAMES = 40, MAX_FRAMES = 50, MAX_VARIABLES = 50 };

// A frame is a table: cell, line, name, names = {...}, [name] values in `values`, origins = {name = "local" | "upvalue"}.
static void add_variable(lua_State *L, int frame, const char *name, const char *origin) { // pops the value
    lua_getfield(L, frame, "origins");
    bool is_new = lua_getfield(L, -1, name) == LUA_TNIL;
    lua_pop(L, 1);
    lua_pushstring(L, origin);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
    if (is_new) {
        lua_getfield(L, frame, "names");
        lua_pushstring(L, name);
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
        lua_pop(L, 1);
    }
    lua_getfield(L, frame, "values");
    lua_insert(L, -2);
    lua_setfield(L, -2, name); // of two variables of one name the inner one stays
    lua_pop(L, 1);
}

static bool is_hidden(const char *name) { return name[0] == '(' || name[0] == '\0' || strcmp(name, "_ENV") == 0; }

static void add_variables(lua_State *L, lua_State *from, lua_Debug *info, int frame) {
    const char *name;
    if (!lua_checkstack(from, 4)) return;
    lua_getinfo(from, "f", info);
    if (from != L) lua_xmove(from, L, 1);
    int function = lua_gettop(L);
    for (int i = 1; i <= MAX_VARIABLES && (name = lua_getupvalue(L, function, i)) != NULL; i++) {
        if (is_hidden(name)) lua_pop(L, 1);
        else add_variable(L, frame, name, "upvalue");
    }
    for (int i = 1; i <= MAX_VARIABLES && (name = lua_getlocal(from, info, i)) != NULL; i++) {
        if (from != L) lua_xmove(from, L, 1);
        if (is_hidden(name)) lua_pop(L, 1);
        else add_variable(L, frame, name, "local");
    }
    lua_settop(L, function - 1);
}

static void push_frame(lua_State *L, lua_State *from, lua_Debug *info) {
    lua_createtable(L, 0, 6);
    int frame = lua_gettop(L);
    static const char *const tables[] = {"names", "values", "origins"};
    for (int i = 0; i < 3; i++) {
        lua_newtable(L);
        lua_setfield(L, frame, tables[i]);
    }
    lua_pushstring(L, lb_chunk_name(info));
    lua_setfield(L, frame, "cell");
    lua_pushinteger(L, info->currentline);
    lua_setfield(L, frame, "line");
    if (*info->what == 'm') lua_pushliteral(L, "the cell");
    else if (info->name != NULL) lua_pushfstring(L, "function '%s'", info->name);
    else lua_pushfstring(L, "the function of line %d", info->linedefined);
    lua_setfield(L, frame, "name");
    add_variables(L, from, info, frame);
}

// light userdata: the failed coroutine; the error table
static int record(lua_State *L) {
    lb_bridge *bridge = lb_of(L);
    lua_State *from = lua_touserdata(L, 1);
    // An error that came through Swift from a task further in brings that task's frames along: these come after them.
    lua_getfield(L, 2, "traceback");
    lua_rawgeti(L, LUA_REGISTRYINDEX, bridge->postmortem);
    bool goes_on = false;
    if (lua_istable(L, 4)) {
        lua_getfield(L, 4, "traceback");
        goes_on = lua_isstring(L, 3) && lua_rawequal(L, 3, 5);
        lua_pop(L, 1);
    }
    if (!goes_on) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
    int count = lb_frame_count(from);
    lua_Debug info;
    for (int level = 0; level < count && lua_rawlen(L, 4) < MAX_FRAMES; level++) {
        if (level == HEAD_FRAMES && count > MAX_FRAMES) level = count - (MAX_FRAMES - HEAD_FRAMES);
        if (!lua_getstack(from, level, &info)) break;
        lua_getinfo(from, "Slnt", &info);
        if (info.currentline <= 0) continue;
        push_frame(L, from, &info);
        lua_rawseti(L, 4, (lua_Integer)lua_rawlen(L, 4) + 1);
    }
    lua_pushvalue(L, 3);
    lua_setfield(L, 4, "traceback");
    lua_settop(L, 4);
    if (lua_rawlen(L, 4) == 0) return 0;
    lua_rawseti(L, LUA_REGISTRYINDEX, bridge->postmortem);
    return 0;
}

void lb_keep_frames(lua_State *L, lua_State *from) { // the error table is on top
    if (lb_of(L)->keeps_postmortem || !lua_checkstack(L, LUA_MINSTACK) || !lua_istable(L, -1)) return;
    int error = lua_gettop(L);
    lua_pushcfunction(L, record);
    lua_pushlightuserdata(L, from);
    lua_pushvalue(L, error);
    if (lua_pcall(L, 2, 0, 0) != LUA_OK) lua_settop(L, error); // no memory: the error itself matters more
}

static void push_frame_number(lua_State *L, int64_t number) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->postmortem);
    if (!lua_istable(L, -1) || lua_rawgeti(L, -1, number) != LUA_TTABLE)
        lb_raise(L, "usage", "there is no such frame", NULL);
    lua_remove(L, -2);
}

// cell, line, name of every frame, the innermost first.
void lb_frames(lua_State *L, lb_request *request) {
    int first = lua_gettop(L) + 2;
    lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->postmortem);
    int count = lua_istable(L, -1) ? (int)lua_rawlen(L, -1) : 0;
    luaL_checkstack(L, 3 * count + 8, "frames");
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, first - 1, i);
        int frame = lua_gettop(L);
        lua_getfield(L, frame, "cell");
        lua_getfield(L, frame, "line");
        lua_getfield(L, frame, "name");
        lua_remove(L, frame);
    }
    lb_encoder encoder;
    lb_encoder_init(&encoder);
    lb_deliver(L, &encoder, first, first + 3 * count - 1, request->sink, request->context);
}

// name, origin, value of every variable of a frame; tables by reference.
void lb_frame_variables(lua_State *L, lb_request *request) {
    push_frame_number(L, request->number);
    int frame = lua_gettop(L);
    lua_getfield(L, frame, "names");
    lua_getfield(L, frame, "origins");
    lua_getfield(L, frame, "values");
    int count = (int)lua_rawlen(L, frame + 1);
    luaL_checkstack(L, 3 * count + 8, "variables");
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, frame + 1, i);
        int name = lua_gettop(L);
        lua_pushvalue(L, name);
        lua_rawget(L, frame + 2);
        lua_pushvalue(L, name);
        lua_rawget(L, frame + 3);
    }
    lb_encoder encoder;
    lb_encoder_init(&encoder);
    encoder.shallow = true;
    lb_deliver(L, &encoder, frame + 4, frame + 3 + 3 * count, request->sink, request->context);
}

static bool knows(lua_State *L, int name) { // whether the frame (first upvalue) has a variable of this name
    lua_getfield(L, lua_upvalueindex(1), "origins");
    lua_pushvalue(L, name);
    bool has = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 2);
    return has;
}

static int frame_index(lua_State *L) { // upvalues: the frame, the session's environment
    bool has = knows(L, 2);
    if (has) lua_getfield(L, lua_upvalueindex(1), "values");
    lua_pushvalue(L, 2);
    if (has) lua_rawget(L, -2);
    else lua_gettable(L, lua_upvalueindex(2));
    return 1;
}

static int frame_assign(lua_State *L) {
    bool has = knows(L, 2);
    if (has) lua_getfield(L, lua_upvalueindex(1), "values");
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    if (has) lua_rawset(L, -3);
    else lua_settable(L, lua_upvalueindex(2));
    return 0;
}

void lb_push_frame_environment(lua_State *L, int64_t number) {
    push_frame_number(L, number);
    int frame = lua_gettop(L);
    lua_newtable(L);
    lua_createtable(L, 0, 2);
    static const lua_CFunction functions[] = {frame_index, frame_assign};
    static const char *const names[] = {"__index", "__newindex"};
    for (int i = 0; i < 2; i++) {
        lua_pushvalue(L, frame);
        lua_rawgeti(L, LUA_REGISTRYINDEX, lb_of(L)->environment);
        lua_pushcclosure(L, functions[i], 2);
        lua_setfield(L, -2, names[i]);
    }
    lua_setmetatable(L, -2);
    lua_remove(L, frame);
}

void lb_open_postmortem(lua_State *L) {
    lua_pushboolean(L, 0);
    lb_of(L)->postmortem = luaL_ref(L, LUA_REGISTRYINDEX);
}
