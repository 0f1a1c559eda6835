#include "rewrite/class.h"

/* Sets found->record if there is somebody of that name. */
static enum job_result
look_address(struct job *job, struct str name, struct class_found *found,
    struct err *err)
{
	const struct record *record;
	enum job_result result;

	if (name.p == NULL)
		return job_too_large(err);
	result = job_look(job, SOURCE_ADDRESS, name, &record, err);
	if (result != JOB_DONE || record->kind == RECORD_NONE)
		return result;
	found->record = record;
	found->status =
	    record->status == RECORD_DISABLED ? REWRITE_DISABLED : REWRITE_OK;
	return JOB_DONE;
}

/* As it stands, then without the detail. */
static enum job_result
look_name(struct job *job, const struct address *address,
    struct class_found *found, struct err *err)
{
	char delimiter = rewrite_delimiter(job->rewrite);
	enum job_result result = JOB_DONE;

	if (address->has_detail) {
		struct str full = address_lower(
		    address_full(address, delimiter, job->arena), job->arena);

		result = look_address(job, full, found, err);
		if (result != JOB_DONE || found->record != NULL)
			return result;
	}
	result =
	    look_address(job, address_plain(address, job->arena), found, err);
	found->keeps_detail = found->record != NULL && address->has_detail;
	return result;
}

/* RFC 5321 section 4.5.1 for postmaster, RFC 2142 section 4 for abuse. */
static enum job_result
look_administrator(struct job *job, const struct address *address,
    struct class_found *found, struct err *err)
{
	const struct record *site;
	enum job_result result;

	if (!str_eqz(address->local, "postmaster") &&
	    !str_eqz(address->local, "abuse"))
		return JOB_DONE;
	if (found->domain != NULL && found->domain->admins.count > 0) {
		found->administrator = found->domain->admins.item[0];
		found->status = REWRITE_OK;
		return JOB_DONE;
	}
	result = job_look(job, SOURCE_SITE, STR(""), &site, err);
	if (result == JOB_DONE && site->admins.count > 0) {
		found->administrator = site->admins.item[0];
		found->status = REWRITE_OK;
	}
	return result;
}

static enum job_result
look_here(struct job *job, const struct address *address,
    struct class_found *found, struct err *err)
{
	struct address all = { .domain = address->domain };
	enum job_result result;

	result = look_name(job, address, found, err);
	if (result != JOB_DONE || found->record != NULL)
		return result;
	result = look_administrator(job, address, found, err);
	if (result != JOB_DONE || found->administrator.len > 0)
		return result;
	return look_address(job, address_plain(&all, job->arena), found, err);
}

enum job_result
class_find(struct job *job, const struct address *address,
    struct class_found *found, struct err *err)
{
	enum job_result result;

	*found = (struct class_found){ .status = REWRITE_UNKNOWN };
	if (address->domain.len == 0) /* postmaster alone */
		return look_administrator(job, address, found, err);
	result =
	    job_look(job, SOURCE_DOMAIN, address->domain, &found->domain, err);
	if (result != JOB_DONE)
		return result;
	if (found->domain->kind == RECORD_NONE) {
		found->status = REWRITE_FOREIGN;
		found->domain = NULL;
		return JOB_DONE;
	}
	if (found->domain->status == RECORD_DISABLED) {
		found->status = REWRITE_DISABLED;
		return JOB_DONE;
	}
	if (found->domain->transport.len > 0) {
		found->status = REWRITE_OK;
		found->is_relay = true;
		return JOB_DONE;
	}
	return look_here(job, address, found, err);
}
