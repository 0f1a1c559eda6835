#include "ipc/dns_msg.h"

#include "base/attr.h"

static const struct ipc_field query_fields[] = {
	IPC_FIELD(struct dns_query, STR, name, DNS_NAME_MAX),
	IPC_FIELD(struct dns_query, U16, type, 0),
};
const struct ipc_msg dns_query_msg =
    IPC_MSG(dns_query, DNS_QUERY, query_fields);

static const struct ipc_field record_fields[] = {
	IPC_FIELD(struct dns_record, STR, data, DNS_RDATA_MAX),
	IPC_FIELD(struct dns_record, U16, preference, 0),
};
static const struct ipc_msg record_item = IPC_MSG(dns_record, 0, record_fields);

#define M struct dns_answer
static const struct ipc_field answer_fields[] = {
	IPC_FIELD(M, U8, status, 0),
	IPC_FIELD(M, BOOL, secure, 0),
	IPC_FIELD(M, U32, ttl, 0),
	IPC_FIELD(M, STR, name, DNS_NAME_MAX),
	IPC_FIELD(M, STR, reason, DNS_REASON_MAX),
	IPC_ITEMS(M, records, DNS_RECORDS_MAX, &record_item),
};
#undef M
const struct ipc_msg dns_answer_msg =
    IPC_MSG(dns_answer, DNS_ANSWER, answer_fields);

const char *
dns_status_name(uint8_t status)
{
	static const char *const names[] = {
		[DNS_FOUND] = "found",
		[DNS_NO_NAME] = "no such name",
		[DNS_NO_DATA] = "no data",
		[DNS_TEMP] = "temporary failure",
		[DNS_BOGUS] = "bogus",
	};

	return status < NELEMS(names) ? names[status] : "unknown";
}
