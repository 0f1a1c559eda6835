#include "master/stop.h"

#include <event2/event.h>
#include <signal.h>

#include "base/log.h"
#include "base/time.h"
#include "master/process.h"

static void
signal_stage(struct master *m, int number)
{
	LIST_FOREACH(at, &m->processes)
	{
		struct process *process = LIST_ITEM(at, struct process, link);

		if (process->service->program->stage != m->stage)
			continue;
		if (number == SIGKILL)
			log_warn("service %s: process %d did not end in %d s",
			    process->service->name, (int)process->pid,
			    m->conf.stop_timeout);
		/*
		 * A parent tells its children itself. Where it is gone, or
		 * does not listen, the whole group is meant.
		 */
		if (number == SIGKILL || process->is_gone)
			(void)kill(-process->pid, number);
		else
			(void)kill(process->pid, number);
	}
}

static bool
stage_is_over(const struct master *m)
{
	LIST_FOREACH(at, &m->processes)
	{
		struct process *process = LIST_ITEM(at, struct process, link);

		if (process->service->program->stage == m->stage &&
		    process_is_alive(process))
			return false;
	}
	return true;
}

/*
 * The last to stop is logd. One that has not come yet would end before it
 * took a line, the one that says why we stop among them.
 */
static bool
log_is_coming(const struct master *m)
{
	if (m->stage + 1 != STAGES - 1 || time_mono() > m->deadline)
		return false;
	LIST_FOREACH(at, &m->processes)
	{
		struct process *process = LIST_ITEM(at, struct process, link);

		if (process->service->program->stage == STAGES - 1 &&
		    !process->is_up && !process->is_gone)
			return true;
	}
	return false;
}

static void
begin_stage(struct master *m, int stage)
{
	m->stage = stage;
	m->deadline = time_mono() + (int64_t)m->conf.stop_timeout * TIME_SECOND;
	signal_stage(m, SIGTERM);
}

void
stop_begin(struct master *m)
{
	if (m->stage >= 0)
		return;
	log_info("stopping");
	LIST_FOREACH(at, &m->services)
	{
		struct service *service = LIST_ITEM(at, struct service, link);

		(void)evtimer_del(service->timer);
	}
	begin_stage(m, 0);
	stop_check(m);
}

void
stop_check(struct master *m)
{
	if (m->stage < 0)
		return;
	if (m->stage < STAGES && !stage_is_over(m) &&
	    time_mono() > m->deadline) {
		signal_stage(m, SIGKILL);
		m->deadline =
		    time_mono() + (int64_t)m->conf.stop_timeout * TIME_SECOND;
	}
	while (m->stage < STAGES && stage_is_over(m) && !log_is_coming(m))
		begin_stage(m, m->stage + 1);
	if (m->stage == STAGES)
		(void)event_base_loopbreak(m->base);
}
