/*
 * control - the operator's words to master, on DIR/run/control.
 *
 * A connection is one request, a line, and its answer: "ok" or "error TEXT",
 * then lines until master closes. master looks at SO_PEERCRED: root, members
 * of group chancery, the owner of DIR.
 *
 *	status			"service ..." and "counter ..." lines, fields
 *				separated by tabs: see master/control.c
 *	stop, reload
 *	changes			what in the files a reload could not take
 *	restart SERVICE
 *	connect SERVICE		with "ok" comes a descriptor
 *	probe SERVICE WHAT	jail test only
 */
#ifndef VERB_CONTROL_H
#define VERB_CONTROL_H

#include "base/buf.h"
#include "verb/verb.h"

enum { CONTROL_REQUEST_MAX = 256, CONTROL_ANSWER_MAX = 1 << 20 };

/*
 * Send the request, read the whole answer behind "ok\n" into out (which is
 * appended to; NULL: not wanted). *fd takes a descriptor that came, else -1;
 * fd NULL: none is wanted. ERR_NOENT: master does not run.
 */
int control_ask(const struct verb_env *env, const char *request,
    struct buf *out, int *fd, struct err *err);

#endif
