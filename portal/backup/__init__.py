"""Backups: one file with all of an installation, and an installation made of one.

A file is a ZIP. `database.dump` is PostgreSQL's own archive of one snapshot, `secret.json` what
encrypts and seals (left out on request), `manifest.json` says which version made it, of what, and
the SHA-256 of the others. An encrypted file holds this ZIP as `content.age` and the key to it as
`key.age`, which a passphrase opens (age-encryption.org): `age` alone can open it, too.
"""
