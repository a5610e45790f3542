//! Authentication header with HMAC-MD5-96 as keepalived makes it (RFC 2402, 2403).
