#include "base/syscalls.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/promises.h"
#include "base/str.h"

#define CALL(name) SCMP_SYS(name)

/*
 * Calls that fail instead of ending the process, where no promise covers
 * them: libraries try these and go on without. clone3 hides its flags from
 * us; told that there is none the C library uses clone.
 */
static const int refused[] = {
	CALL(openat),
	CALL(open),
	CALL(newfstatat),
	CALL(stat),
	CALL(statx),
	CALL(access),
	CALL(faccessat2),
	CALL(readlink),
	CALL(readlinkat),
	CALL(socket),
	CALL(connect),
	CALL(sched_setscheduler),
	CALL(clone3),
};

bool
syscalls_promised(const char *promises, const char *word)
{
	struct str rest = str_of(promises), part;

	while (str_split(&rest, ' ', &part)) {
		if (part.len > 0 && str_eqz(part, word))
			return true;
	}
	return false;
}

static int
allow(scmp_filter_ctx filter, int call)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
}

/* Each call of the promise to both filters, its condition to exact alone. */
static int
add_promise(scmp_filter_ctx outer, scmp_filter_ctx exact,
    const struct promise *promise)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < promise->calls_len; i++) {
		const struct permitted_call *row = &promise->calls[i];

		if ((rc = allow(outer, row->call)) != 0)
			break;
		if (row->when.mask == 0)
			rc = allow(exact, row->call);
		else
			rc = seccomp_rule_add(exact, SCMP_ACT_ALLOW, row->call,
			    1,
			    SCMP_CMP(row->when.arg, SCMP_CMP_MASKED_EQ,
				row->when.mask, row->when.value));
	}
	return rc;
}

static int
add_promises(scmp_filter_ctx outer, scmp_filter_ctx exact, const char *promises,
    struct err *err)
{
	struct str rest = str_of(promises), word;
	const struct promise *promise;

	while (str_split(&rest, ' ', &word)) {
		if (word.len == 0)
			continue;
		if ((promise = promise_find(word)) == NULL)
			return err_set(err, ERR_SYNTAX,
			    "no such promise in \"%s\"", promises);
		if (add_promise(outer, exact, promise) != 0)
			return err_set(err, ERR_TEMP, "seccomp: promise %s",
			    promise->word);
	}
	return 0;
}

static int
add_rest(scmp_filter_ctx outer, scmp_filter_ctx exact, struct err *err)
{
	/* The second filter is loaded under the first, and refuses it then. */
	int rc = allow(outer, CALL(seccomp));

	for (size_t i = 0; rc == 0 && i < NELEMS(refused); i++)
		rc = allow(outer, refused[i]);
	if (rc == 0)
		rc = seccomp_rule_add(exact, SCMP_ACT_ERRNO(ENOSYS),
		    CALL(clone3), 0);
	return rc == 0 ? 0 : err_set(err, ERR_TEMP, "seccomp: rules");
}

static scmp_filter_ctx
new_filter(uint32_t otherwise)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);

	if (filter == NULL)
		return NULL;
	/* no_new_privs is set; a tree finds a call faster than a list */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return filter;
}

/*
 * Two filters, of whose answers the kernel takes the stricter: the outer one
 * ends the process at a call that is nowhere in the list, the exact one lets
 * a listed call with other arguments fail.
 */
int
syscalls_allow(const char *promises, struct err *err)
{
	scmp_filter_ctx outer = new_filter(SCMP_ACT_KILL_PROCESS);
	scmp_filter_ctx exact = new_filter(SCMP_ACT_ERRNO(EACCES));
	int ret = -1;

	if (outer == NULL || exact == NULL)
		err_set(err, ERR_TEMP, "seccomp: no memory");
	else if (add_promises(outer, exact, promises, err) == 0 &&
#ifdef CHANCERY_SANITIZE
	    add_promises(outer, exact, "sanitize", err) == 0 &&
#endif
	    add_rest(outer, exact, err) == 0) {
		if (seccomp_load(outer) == 0 && seccomp_load(exact) == 0)
			ret = 0;
		else
			err_set(err, ERR_TEMP, "seccomp: load");
	}
	if (outer != NULL)
		seccomp_release(outer);
	if (exact != NULL)
		seccomp_release(exact);
	return ret;
}

void
syscalls_print(const char *promises)
{
	struct str rest = str_of(promises), word;
	const struct promise *promise;

	while (str_split(&rest, ' ', &word)) {
		promise = promise_find(word);
		for (size_t i = 0; promise != NULL && i < promise->calls_len;
		     i++) {
			const struct permitted_call *row = &promise->calls[i];
			char *name = seccomp_syscall_resolve_num_arch(
			    SCMP_ARCH_NATIVE, row->call);

			(void)printf("%s\t%s\t%s\n", promise->word,
			    name == NULL ? "?" : name,
			    row->why == NULL ? "" : row->why);
			free(name);
		}
	}
}

/*
 * Written by hand: a session's process loads it after each fork, and the
 * library takes longer to make it than the kernel to fork. The architecture
 * is the one the filters before it have let pass.
 */
int
syscalls_forbid_fork(struct err *err)
{
	static const int forbidden[] = { CALL(fork), CALL(vfork), CALL(clone),
		CALL(wait4), CALL(waitid), CALL(kill), CALL(seccomp) };
	struct sock_filter code[NELEMS(forbidden) * 2 + 2];
	struct sock_fprog filter = { .filter = code };

	code[filter.len++] = (struct sock_filter)BPF_STMT(
	    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < NELEMS(forbidden); i++) {
		if (forbidden[i] < 0)
			continue; /* this machine has no such call */
		code[filter.len++] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)forbidden[i], 0, 1);
		code[filter.len++] = (struct sock_filter)BPF_STMT(
		    BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	}
	code[filter.len++] =
	    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0)
		return err_sys(err, "seccomp: no fork");
	return 0;
}
