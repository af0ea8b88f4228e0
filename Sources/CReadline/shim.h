// What Swift and C see of the system library.
#pragma once
#include <stdio.h>  // readline's own header uses FILE without including it
#include <readline/readline.h>
#include <readline/history.h>
