/*
 * store_verify - the store's own verify, bodies too, of an engine that a test
 * has opened. For programs that are linked with stored.
 */
#ifndef CRASH_STORE_VERIFY_H
#define CRASH_STORE_VERIFY_H

#include "stored/engine.h"

/* Logs what is wrong, if anything, and then exits the process. */
void store_verify_engine(struct engine *engine);

#endif
