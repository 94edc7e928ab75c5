/* Preloaded into a phone: whoever asks to be told of packets is held up for a moment, so that the
 * thread that reads them is awake before the other has gone on. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MOMENT_US 2000

int epoll_ctl(int queue, int operation, int descriptor, struct epoll_event *event)
{
    static int (*real)(int, int, int, struct epoll_event *);
    char thread[16] = "";
    int result;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "epoll_ctl");
    result = real(queue, operation, descriptor, event);
    prctl(PR_GET_NAME, thread);
    if (operation != EPOLL_CTL_DEL && event && (event->events & EPOLLIN) && strcmp(thread, "media"))
        usleep(MOMENT_US);
    return result;
}
