// Swift's values on their way to Lua, from flat items. No Swift runs meanwhile.
#include <stdlib.h>
#include <string.h>

#include "internal.h"

void lb_add(lb_values *values, lb_item item) {
    if (values->count == values->capacity) {
        size_t capacity = values->capacity ? values->capacity * 2 : 8;
        lb_item *items = realloc(values->items, capacity * sizeof(lb_item));
        if (items == NULL) abort(); // the machine is out of memory; Swift's own allocations end the same way
        values->items = items;
        values->capacity = capacity;
    }
    values->items[values->count++] = item;
}

void lb_add_string(lb_values *values, const char *bytes, size_t length) {
    if (values->byte_capacity - values->byte_count < length) {
        size_t capacity = (values->byte_count + length) * 2;
        char *grown = realloc(values->bytes, capacity);
        if (grown == NULL) abort();
        values->bytes = grown;
        values->byte_capacity = capacity;
    }
    if (length > 0) memcpy(values->bytes + values->byte_count, bytes, length);
    lb_item item = {.tag = LB_STRING, .reference = LB_NO_REFERENCE, .length = length};
    item.value.integer = (int64_t)values->byte_count;
    values->byte_count += length;
    lb_add(values, item);
}

void lb_values_free(const lb_bridge *bridge, lb_values *values) {
    for (size_t i = 0; i < values->count; i++) {
        lb_item *item = &values->items[i];
        void *box = item->tag == LB_OBJECT ? (void *)item->value.pointer : NULL;
        if (box != NULL) bridge->callbacks.release(box);
    }
    free(values->items);
    free(values->bytes);
    memset(values, 0, sizeof(*values));
}

static void push_next(lua_State *L, lb_values *values, size_t *at) {
    if (!lua_checkstack(L, 6)) lb_raise(L, "usage", "too many values", NULL);
    lb_item *item = &values->items[(*at)++];
    switch (item->tag) {
    case LB_FALSE:
    case LB_TRUE: lua_pushboolean(L, item->tag == LB_TRUE); break;
    case LB_INTEGER: lua_pushinteger(L, item->value.integer); break;
    case LB_NUMBER: lua_pushnumber(L, item->value.number); break;
    case LB_STRING: lua_pushlstring(L, item->length ? values->bytes + item->value.integer : "", item->length); break;
    case LB_OBJECT: lb_push_object(L, item); break;
    case LB_REFERENCE: lb_push_reference(L, item->reference); break;
    case LB_TABLE: {
        size_t length = item->length, count = item->count;
        lua_createtable(L, length > INT32_MAX ? 0 : (int)length, count > INT32_MAX ? 0 : (int)count);
        for (size_t i = 1; i <= length; i++) {
            push_next(L, values, at);
            lua_rawseti(L, -2, (lua_Integer)i);
        }
        for (size_t i = 0; i < count; i++) {
            push_next(L, values, at);
            push_next(L, values, at);
            lua_rawset(L, -3);
        }
        break;
    }
    default: lua_pushnil(L);
    }
}

int lb_push_values(lua_State *L, lb_values *values) {
    size_t at = 0;
    int count = 0;
    for (; values != NULL && at < values->count; count++) push_next(L, values, &at);
    return count;
}

// Tells the collector of memory that it cannot see, as if Lua itself had allocated it.
void lb_settle_debt(lua_State *L) {
    lb_bridge *bridge = lb_of(L);
    size_t kilobytes = bridge->debt / 1024;
    if (kilobytes < 16) return;
    bridge->debt = 0;
    lua_gc(L, LUA_GCSTEP, kilobytes > (1 << 20) ? (1 << 20) : (int)kilobytes);
}
