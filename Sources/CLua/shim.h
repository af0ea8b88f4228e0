// What Swift and C see of the system library.
#pragma once
#include <lua.h>
#include <lualib.h>
#include <lauxlib.h>
