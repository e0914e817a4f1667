//! KMS over HTTP. What its rules are is tested in `tidings-keys`; here is what is left: that every
//! action gets there and back, who may do what, and what holds across restarts.

mod cryptography;
mod keys;
mod permissions;
mod protocol;
mod time;
