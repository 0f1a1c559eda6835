#include "rewrite/route.h"

struct str
route_partition(const struct class_found *found)
{
	if (found->record != NULL && found->record->partition.len > 0)
		return found->record->partition;
	if (found->domain != NULL && found->domain->partition.len > 0)
		return found->domain->partition;
	return STR("default");
}

uint64_t
route_count(const struct class_found *found)
{
	if (found->record != NULL && found->record->has_count)
		return found->record->count;
	if (found->domain != NULL && found->domain->has_count)
		return found->domain->count;
	return 0;
}

uint64_t
route_quota(const struct class_found *found)
{
	if (found->record != NULL && found->record->has_quota)
		return found->record->quota;
	if (found->domain != NULL && found->domain->has_quota)
		return found->domain->quota;
	return 0;
}

/*
 * The value of the first of these keys, in Postfix's order: the address, the
 * address without its detail, the domain, ".domain" for what is below it,
 * and "*". 1: none is there.
 */
static int
look_map(struct job *job, const struct address *address, struct buf *value,
    struct err *err)
{
	struct dict_list *maps = &job->rewrite->transports;
	char delimiter = rewrite_delimiter(job->rewrite);
	struct str key[] = {
		address_full(address, delimiter, job->arena),
		address_plain(address, job->arena),
		address->domain,
	};
	struct str rest = address->domain;
	ptrdiff_t dot;

	for (size_t i = 0; i < NELEMS(key); i++) {
		if (dict_list_lookup(maps, key[i], value, err) == 0)
			return 0;
		if (err->kind != ERR_NOENT)
			return -1;
	}
	while ((dot = str_chr(rest, '.')) >= 0) {
		if (dict_list_lookup(maps, str_sub(rest, (size_t)dot, rest.len),
			value, err) == 0)
			return 0;
		if (err->kind != ERR_NOENT)
			return -1;
		str_skip(&rest, (size_t)dot + 1);
	}
	if (dict_list_lookup(maps, STR("*"), value, err) == 0)
		return 0;
	return err->kind == ERR_NOENT ? 1 : -1;
}

/*
 * "transport:nexthop" (transport(5) of Postfix): what is empty stays as it
 * is, but with a transport alone the next hop is the domain.
 */
static int
apply_map(struct job *job, const struct address *address,
    struct rewrite_target *target, struct err *err)
{
	struct buf value;
	struct str hop, name;
	int ret;

	if (job->rewrite->transports.len == 0)
		return 0;
	buf_init(&value, 400);
	ret = look_map(job, address, &value, err);
	if (ret == 0) {
		hop = arena_str(job->arena, buf_str(&value));
		if (!str_split(&hop, ':', &name)) { /* no room for it */
			name = STR("");
			ret = err_set(err, ERR_LIMIT, "expansion too large");
		}
		if (name.len > 0) {
			target->transport = name;
			target->nexthop = address->domain;
		}
		if (hop.len > 0)
			target->nexthop = hop;
		if (name.len > REWRITE_NAME_MAX ||
		    hop.len > REWRITE_ADDRESS_MAX)
			ret = err_set(err, ERR_LIMIT,
			    "transport_maps: value too long");
	}
	buf_clear(&value);
	if (ret < 0)
		err->kind = ERR_TEMP;
	return ret < 0 ? -1 : 0;
}

int
route_target(struct job *job, const struct class_found *found,
    const struct address *address, struct rewrite_target *target,
    struct err *err)
{
	const struct rewrite *rewrite = job->rewrite;

	if (found->status == REWRITE_FOREIGN) {
		target->transport = str_of(rewrite->default_transport);
		target->nexthop = rewrite->relayhost[0] != '\0' ?
		    str_of(rewrite->relayhost) :
		    address->domain;
	} else if (found->is_relay) {
		target->transport = found->domain->transport;
		target->nexthop = found->domain->nexthop.len > 0 ?
		    found->domain->nexthop :
		    address->domain;
	} else {
		target->transport = str_of(rewrite->mailbox_transport);
		target->nexthop = route_partition(found);
	}
	if (apply_map(job, address, target, err) < 0)
		return -1;
	return target->transport.len > 0 ? 0 : 1;
}
