/*
 * secret - a password as the directory keeps it: ARGON2id (RFC 9106), in
 * OpenLDAP's form "{ARGON2}$argon2id$v=19$m=...,t=...,p=...$salt$hash".
 *
 * Hashed here and not by slapd, because slapd's module makes the weaker
 * ARGON2i; it checks either.
 */
#ifndef AUTH_SECRET_H
#define AUTH_SECRET_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* 19 MiB, two passes: about 25 ms on one core in 2026. */
enum {
	SECRET_MEMORY = 19456, /* KiB */
	SECRET_PASSES = 2,
	SECRET_LANES = 1,
	SECRET_SALT = 16, /* bytes */
	SECRET_HASH = 32
};

/* Append the hash of password with a new salt. */
int secret_hash(struct buf *out, struct str password, struct err *err);
/* The same of a password drawn here, which nobody ever learns. */
int secret_hash_unknown(struct buf *out, struct err *err);

#endif
