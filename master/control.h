/*
 * control - the operator's socket, run/control. Requests and answers are in
 * verb/control.h, the status report in verb/status.h.
 */
#ifndef MASTER_CONTROL_H
#define MASTER_CONTROL_H

#include "master/master.h"

int control_open(struct master *m, struct err *err);
void control_close(struct master *m);

/* A daemon kept its old settings: a line for whoever asked to reload. */
void control_note(struct master *m, const struct service *service,
    struct str text);
/* Something that clients may wait for has happened. */
void control_settled(struct master *m);
void control_probed(struct master *m, const struct service *service,
    struct str text);
void control_died(struct master *m, const struct service *service, int status);
/* Nobody waits for a service for ever. */
void control_tick(struct master *m);
/* The end: answer those who asked for it. */
void control_stopped(struct master *m);

#endif
