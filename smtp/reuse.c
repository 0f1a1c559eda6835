#include "smtp/reuse.h"

#include "base/time.h"

static struct site *
site_of(struct list *link)
{
	return LIST_ITEM(link, struct site, link);
}

static void
take_off(struct smtp *smtp, struct site *site)
{
	list_remove(&site->link);
	smtp->idle_count--;
}

struct site *
reuse_take(struct smtp *smtp, const struct nexthop *hop)
{
	(void)reuse_expire(smtp);
	LIST_FOREACH(at, &smtp->idle)
	{
		struct site *site = site_of(at);

		if (!str_eqz(str_of(site->key), hop->key))
			continue;
		take_off(smtp, site);
		/* Closed, or a 421: it has nothing else to say now. */
		if (!wire_is_readable(&site->wire))
			return site;
		site_free(site);
	}
	return NULL;
}

void
reuse_keep(struct smtp *smtp, struct site *site)
{
	const struct smtp_conf *conf = &smtp->conf;
	int64_t age = (time_mono() - site->opened) / TIME_SECOND;

	if (site->is_broken || site->wire.in.len > 0) {
		site_free(site);
	} else if (conf->cache_time == 0 || age >= conf->reuse_time ||
	    (conf->reuse_count > 0 &&
		site->uses >= (unsigned)conf->reuse_count)) {
		site_quit(site);
	} else {
		if (smtp->idle_count == REUSE_MAX) {
			struct site *oldest = site_of(smtp->idle.next);

			take_off(smtp, oldest);
			site_quit(oldest);
		}
		site->last = time_mono();
		list_push(&smtp->idle, &site->link);
		smtp->idle_count++;
	}
}

int
reuse_expire(struct smtp *smtp)
{
	int64_t keep = (int64_t)smtp->conf.cache_time * TIME_SECOND;
	int64_t now = time_mono();

	while (!list_is_empty(&smtp->idle)) {
		struct site *oldest = site_of(smtp->idle.next);
		int64_t left = oldest->last + keep - now;

		if (left > 0)
			return (int)(left / 1000) + 1;
		take_off(smtp, oldest);
		site_quit(oldest);
	}
	return -1;
}

void
reuse_clear(struct smtp *smtp)
{
	while (!list_is_empty(&smtp->idle)) {
		struct site *site = site_of(smtp->idle.next);

		take_off(smtp, site);
		site_quit(site);
	}
}
