// Stopping Lua from outside. There is no steady hook (it would make every loop twice as slow): the signal handler
// installs one on the coroutine that runs at that moment, and it stays there until the outermost protected call has
// returned, so that neither pcall nor a coroutine can swallow the interrupt.
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

// Ignored by default and used by nothing else here; it carries an interrupt to the thread that runs Lua.
#define WAKE_SIGNAL SIGURG

static _Thread_local lb_bridge *entered_bridge; // the innermost bridge that this thread is in
static _Atomic(lb_bridge *) sigint_bridge;
static struct sigaction previous_sigint;
static atomic_int sigints;

static void stop(lua_State *L, lua_Debug *info) {
    (void)info;
    if (atomic_load(&lb_of(L)->interrupted)) lb_raise_interrupt(L);
    lua_sethook(L, NULL, 0, 0); // left over from an interrupt that has ended
}

static void arm(lb_bridge *bridge) {
    lua_State *running = bridge->running;
    if (running != NULL)
        lua_sethook(running, stop, LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static void arm_entered(int signal) {
    (void)signal;
    for (lb_bridge *bridge = entered_bridge; bridge != NULL; bridge = bridge->outer)
        if (atomic_load(&bridge->interrupted)) arm(bridge);
}

static void on_sigint(int signal) {
    (void)signal;
    atomic_fetch_add(&sigints, 1);
    lb_bridge *bridge = atomic_load(&sigint_bridge);
    if (bridge != NULL) lb_interrupt(bridge);
}

void lb_let_interrupts_end_calls(bool ends) {
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = arm_entered;
    action.sa_flags = ends ? 0 : SA_RESTART;
    sigaction(WAKE_SIGNAL, &action, NULL);
}

void lb_lend_terminal(const lb_bridge *bridge, bool is_lent) {
    if (!bridge->closing) bridge->callbacks.lend_terminal(bridge->callbacks.context, is_lent);
}

static void install_wake_handler(void) { lb_let_interrupts_end_calls(false); }

// Threads made by libdispatch's workers inherit a mask that keeps every signal out.
static void let_wake_signal_in(void) {
    static _Thread_local bool is_in;
    if (is_in) return;
    is_in = true;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, WAKE_SIGNAL);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

void lb_enter(lb_bridge *bridge) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install_wake_handler);
    let_wake_signal_in();
    if (atomic_load(&bridge->entered) == 0) {
        bridge->thread = pthread_self();
        bridge->outer = entered_bridge;
        entered_bridge = bridge;
    }
    atomic_fetch_add(&bridge->entered, 1);
}

void lb_leave(lb_bridge *bridge) {
    if (atomic_fetch_sub(&bridge->entered, 1) == 1) entered_bridge = bridge->outer;
}

void lb_set_running(lb_bridge *bridge, lua_State *L) {
    bridge->running = L;
    // An interrupt may have come between two coroutines, when there was none to hook.
    if (L != NULL && atomic_load(&bridge->interrupted)) arm(bridge);
}

void lb_interrupt(lb_bridge *bridge) {
    atomic_store(&bridge->interrupted, true);
    int descriptor = atomic_load(&bridge->wake_descriptor);
    if (descriptor >= 0) {
        ssize_t ignored = write(descriptor, "!", 1); // a full pipe wakes its reader just as well
        (void)ignored;
    }
    if (atomic_load(&bridge->entered) == 0) return;
    // lua_sethook is safe in a handler on Lua's own thread, and nowhere else.
    if (pthread_equal(pthread_self(), bridge->thread)) arm(bridge);
    else pthread_kill(bridge->thread, WAKE_SIGNAL);
}

bool lb_is_interrupted(const lb_bridge *bridge) { return atomic_load(&bridge->interrupted); }

void lb_clear_interrupt(lb_bridge *bridge) { atomic_store(&bridge->interrupted, false); }

void lb_set_wake_descriptor(lb_bridge *bridge, int descriptor) { atomic_store(&bridge->wake_descriptor, descriptor); }

void lb_take_sigint(lb_bridge *bridge) {
    lb_bridge *before = atomic_exchange(&sigint_bridge, bridge);
    if (bridge != NULL && before == NULL) {
        struct sigaction action;
        memset(&action, 0, sizeof(action));
        action.sa_handler = on_sigint;
        sigaction(SIGINT, &action, &previous_sigint); // no SA_RESTART: whoever waits in poll shall wake
    } else if (bridge == NULL && before != NULL) {
        sigaction(SIGINT, &previous_sigint, NULL);
    }
}

int lb_sigint_count(void) { return atomic_load(&sigints); }

void lb_forget(lb_bridge *bridge) {
    if (atomic_load(&sigint_bridge) == bridge) lb_take_sigint(NULL);
}
