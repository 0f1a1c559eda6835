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
route_quota(const struct class_found *found)
{
	if (found->record != NULL && found->record->has_quota)
		return found->record->quota;
	if (found->domain != NULL && found->domain->has_quota)
		return found->domain->quota;
	return 0;
}

bool
route_target(const struct rewrite *rewrite, const struct class_found *found,
    const struct address *address, struct rewrite_target *target)
{
	if (found->status == REWRITE_FOREIGN) {
		target->transport = str_of(rewrite->default_transport);
		target->nexthop = address->domain;
		return target->transport.len > 0;
	}
	if (found->is_relay) {
		target->transport = found->domain->transport;
		target->nexthop = found->domain->nexthop.len > 0 ?
		    found->domain->nexthop :
		    address->domain;
		return true;
	}
	target->transport = str_of(rewrite->mailbox_transport);
	target->nexthop = route_partition(found);
	return true;
}
