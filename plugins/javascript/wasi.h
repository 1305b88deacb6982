/* Included before QuickJS's own files when they are compiled for WASI. QuickJS leaves the depth of its
   stack unchecked there, and a guest that overflows its stack is lost with all its session. The check is
   the same everywhere and works in WebAssembly: so the C library is read as WASI's, and QuickJS's own
   code as for another system that has malloc_usable_size. */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fenv.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#undef __wasi__
#define __CYGWIN__ 1
