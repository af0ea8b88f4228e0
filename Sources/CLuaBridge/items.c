// Lua's values on their way to Swift, as flat items. No Swift runs meanwhile.
#include <stdlib.h>
#include <string.h>

#include "internal.h"

void lb_encoder_init(lb_encoder *encoder) {
    memset(encoder, 0, offsetof(lb_encoder, path));
    encoder->items = encoder->space;
    encoder->capacity = LB_INLINE_ITEMS;
    encoder->max_depth = LB_MAX_DEPTH;
}

void lb_encoder_free(lb_encoder *encoder) {
    if (encoder->items != encoder->space) free(encoder->items);
    encoder->items = encoder->space;
    encoder->count = 0;
}

void lb_encoder_discard(lua_State *L, lb_encoder *encoder) {
    for (size_t i = 0; i < encoder->count; i++) {
        int tag = encoder->items[i].tag;
        if (tag == LB_TABLE || tag == LB_FUNCTION) lb_unreference(L, encoder->items[i].reference);
    }
    lb_encoder_free(encoder);
}

static size_t new_item(lua_State *L, lb_encoder *encoder, lb_item item) {
    if (encoder->count == encoder->capacity) {
        size_t capacity = encoder->capacity * 2;
        bool is_inline = encoder->items == encoder->space;
        lb_item *items = realloc(is_inline ? NULL : encoder->items, capacity * sizeof(lb_item));
        if (items == NULL) lb_raise(L, "usage", "not enough memory for a table of this size", NULL);
        if (is_inline) memcpy(items, encoder->space, sizeof(encoder->space));
        encoder->items = items;
        encoder->capacity = capacity;
    }
    encoder->items[encoder->count] = item;
    return encoder->count++;
}

static bool scalar(lua_State *L, int index, lb_item *item) {
    memset(item, 0, sizeof(*item));
    item->reference = LB_NO_REFERENCE;
    switch (lua_type(L, index)) {
    case LUA_TNIL:
    case LUA_TNONE: item->tag = LB_NIL; return true;
    case LUA_TBOOLEAN: item->tag = lua_toboolean(L, index) ? LB_TRUE : LB_FALSE; return true;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            item->tag = LB_INTEGER;
            item->value.integer = lua_tointeger(L, index);
        } else {
            item->tag = LB_NUMBER;
            item->value.number = lua_tonumber(L, index);
        }
        return true;
    case LUA_TSTRING:
        item->tag = LB_STRING;
        item->value.pointer = lua_tolstring(L, index, &item->length);
        return true;
    default: return lb_is_object(L, index, item);
    }
}

bool lb_encode_scalar(lua_State *L, lb_encoder *encoder, int index) {
    lb_item item;
    if (encoder->count == encoder->capacity || !scalar(L, index, &item)) return false;
    encoder->items[encoder->count++] = item;
    return true;
}

// Text of our own for a value without a Swift form, or for one that prints itself.
static void encode_text(lua_State *L, lb_encoder *encoder, lb_item item) { // pops the text
    item.tag = LB_OPAQUE;
    item.value.pointer = lua_tolstring(L, -1, &item.length);
    lua_rawseti(L, encoder->anchor, ++encoder->anchored);
    new_item(L, encoder, item);
}

static int own_text(lua_State *L) {
    luaL_tolstring(L, 1, NULL);
    return 1;
}

static bool prints_itself(lua_State *L, int index) {
    if (!lua_getmetatable(L, index)) return false;
    lua_pushliteral(L, "__tostring");
    bool has = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 2);
    return has;
}

static void encode_own_text(lua_State *L, lb_encoder *encoder, int index, lb_item item) {
    lua_pushcfunction(L, own_text);
    lua_pushvalue(L, index);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
        lua_pop(L, 1);
        lua_pushfstring(L, "<%s: __tostring failed>", luaL_typename(L, index));
    }
    encode_text(L, encoder, item);
}

// A value that Swift keeps by identity: an item with a reference and the line, and one with the chunk's name.
static void keep(lua_State *L, lb_encoder *encoder, int index, lb_item item) {
    lb_item source = {.tag = LB_STRING, .reference = LB_NO_REFERENCE, .value.pointer = ""};
    if (lua_isfunction(L, index)) {
        lua_Debug info;
        lua_pushvalue(L, index);
        lua_getinfo(L, ">S", &info);
        source.value.pointer = info.source; // lives as long as the function
        source.length = strlen(info.source);
        item.count = info.linedefined > 0 ? (size_t)info.linedefined : 0;
    }
    item.tag = LB_FUNCTION;
    item.value.pointer = lua_topointer(L, index);
    size_t at = new_item(L, encoder, item);
    new_item(L, encoder, source);
    lua_pushvalue(L, index);
    int reference = lb_reference(L);
    encoder->items[at].reference = reference;
}

static void encode_function(lua_State *L, lb_encoder *encoder, int index, lb_item item) {
    if (encoder->display) {
        lua_Debug info;
        lua_pushvalue(L, index);
        lua_getinfo(L, ">S", &info);
        if (info.linedefined > 0)
            lua_pushfstring(L, "function: %s:%d", info.short_src, info.linedefined);
        else
            lua_pushliteral(L, "function: built in");
        encode_text(L, encoder, item);
        return;
    }
    keep(L, encoder, index, item);
}

static void encode_table(lua_State *L, lb_encoder *encoder, int index, int depth) {
    lb_item item = {.tag = LB_TABLE, .reference = LB_NO_REFERENCE, .value.pointer = lua_topointer(L, index)};
    if (encoder->display && prints_itself(L, index)) {
        encode_own_text(L, encoder, index, item);
        return;
    }
    for (int i = 0; i < depth && !encoder->shallow; i++) {
        if (encoder->path[i] != item.value.pointer) continue;
        if (!encoder->display)
            lb_raise(L, "usage", "the table contains itself", "pass a table without cycles");
        lua_pushliteral(L, "<cycle>");
        encode_text(L, encoder, item);
        return;
    }
    if (depth >= encoder->max_depth) {
        if (!encoder->display) lb_raise(L, "usage", "the table is nested deeper than 64 levels", NULL);
        lua_pushliteral(L, "{...}");
        encode_text(L, encoder, item);
        return;
    }
    if (!lua_checkstack(L, 8)) lb_raise(L, "usage", "the table is nested too deep", NULL);
    // A large table takes a while. While an error is reported nothing runs, and the report has to come through.
    if (lb_of(L)->running != NULL && !encoder->display && lb_is_interrupted(lb_of(L))) lb_raise_interrupt(L);

    size_t at = new_item(L, encoder, item);
    bool identity = encoder->shallow;
    if (lua_getmetatable(L, index)) {
        lua_pop(L, 1);
        identity = !encoder->display;
    }
    if (!encoder->shallow) {
        encoder->path[depth] = item.value.pointer;
        lua_Integer length = (lua_Integer)lua_rawlen(L, index);
        lua_Integer shown = encoder->display && length > encoder->max_items ? encoder->max_items : length;
        for (lua_Integer i = 1; i <= shown; i++) {
            identity |= lua_rawgeti(L, index, i) == LUA_TFUNCTION && !encoder->display;
            lb_encode(L, encoder, lua_gettop(L), depth + 1);
            lua_pop(L, 1);
        }
        size_t pairs = 0, unshown = (size_t)(length - shown);
        lua_pushnil(L);
        while (lua_next(L, index)) {
            int key = lua_gettop(L) - 1;
            lua_Integer position = lua_isinteger(L, key) ? lua_tointeger(L, key) : 0;
            if (position < 1 || position > length) {
                if (encoder->display && (lua_Integer)pairs + shown >= encoder->max_items) {
                    unshown++;
                } else {
                    identity |= lua_isfunction(L, key + 1) && !encoder->display;
                    lb_encode(L, encoder, key, depth + 1);
                    lb_encode(L, encoder, key + 1, depth + 1);
                    pairs++;
                }
            }
            lua_pop(L, 1);
        }
        encoder->items[at].length = (size_t)shown;
        encoder->items[at].count = pairs;
        if (encoder->display) encoder->items[at].reference = unshown > INT32_MAX ? INT32_MAX : (int32_t)unshown;
    }
    if (identity) {
        lua_pushvalue(L, index);
        int reference = lb_reference(L);
        encoder->items[at].reference = reference;
    }
}

void lb_encode(lua_State *L, lb_encoder *encoder, int index, int depth) {
    lb_item item;
    if (scalar(L, index, &item)) {
        if (item.tag == LB_OBJECT && encoder->display && prints_itself(L, index))
            encode_own_text(L, encoder, index, item);
        else
            new_item(L, encoder, item);
        return;
    }
    switch (lua_type(L, index)) {
    case LUA_TTABLE: encode_table(L, encoder, index, depth); return;
    case LUA_TFUNCTION: encode_function(L, encoder, index, item); return;
    default:
        if (encoder->display) {
            encode_own_text(L, encoder, index, item);
        } else { // coroutines, files: no Swift form, kept by identity as functions are
            keep(L, encoder, index, item);
        }
    }
}

static int deliver_protected(lua_State *L) {
    lb_encoder *encoder = lua_touserdata(L, 1);
    int last = lua_gettop(L);
    if (encoder->display) {
        lua_newtable(L);
        encoder->anchor = lua_gettop(L);
        lua_pushvalue(L, encoder->anchor); // the caller keeps the texts alive through this one
        lua_replace(L, 1);
    }
    for (int i = 2; i <= last; i++) lb_encode(L, encoder, i, 0);
    lua_settop(L, 1);
    return 1;
}

void lb_deliver(lua_State *L, lb_encoder *encoder, int first, int last, lb_sink sink, void *context) {
    int count = last - first + 1;
    if (!lua_checkstack(L, count + 4)) lb_raise(L, "usage", "too many values", NULL);
    lua_pushcfunction(L, deliver_protected);
    lua_pushlightuserdata(L, encoder);
    for (int i = first; i <= last; i++) lua_pushvalue(L, i);
    if (lua_pcall(L, count + 1, 1, 0) != LUA_OK) {
        lb_encoder_discard(L, encoder);
        lua_error(L);
    }
    sink(context, encoder->items, encoder->count, (size_t)count);
    lb_encoder_free(encoder);
    lua_pop(L, 1);
}
