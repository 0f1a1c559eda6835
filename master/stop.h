/*
 * stop - the orderly end: stage by stage, who takes new work first, who keeps
 * it last; each stage is bounded, and what is left then is killed.
 */
#ifndef MASTER_STOP_H
#define MASTER_STOP_H

#include "master/master.h"

void stop_begin(struct master *m); /* again: nothing */
/* Has the stage ended, or its time? From the tick and after each death. */
void stop_check(struct master *m);

#endif
