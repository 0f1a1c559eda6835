/*
 * wait - until one descriptor is ready or a deadline has passed.
 */
#ifndef NET_WAIT_H
#define NET_WAIT_H

#include <poll.h>
#include <stdint.h>

/*
 * events as poll(2) has them; deadline as time_mono(), -1: none. 1: ready, or
 * at its end; 0: the time is over; -1 with errno set. Signals do not end it.
 */
int wait_ready(int fd, short events, int64_t deadline);

#endif
