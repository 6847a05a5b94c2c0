//! Secrets: a wrapper that cannot leak, and the keys that are made from a value without keeping it.

mod cloud;
mod hmac_keys;
mod jwt;
mod mask;
mod normalize;
mod openssh;
mod private_key;
mod public_key;
mod token;
mod value;

pub use hmac_keys::{AliasKind, HmacKeys, key_id_of};
pub use mask::{is_header_hash, is_masked};
pub use normalize::{base64_text, normalize};
pub use token::token_in;
pub use value::{Unkeyable, ValueHints, of_alias_hex, of_sha256_hex, of_value};

use zeroize::Zeroize;

/// A value that may be a live credential. It has neither `Debug`, `Display`, `Serialize` nor `Clone`, and is
/// overwritten when dropped; whoever reads it says so with [`Secret::expose`].
///
/// ```
/// let secret = reeve_domain::secret::Secret::new(String::from("hunter2"));
/// assert_eq!(secret.expose().len(), 7);
/// ```
/// ```compile_fail
/// format!("{:?}", reeve_domain::secret::Secret::new(String::from("hunter2")));
/// ```
/// ```compile_fail
/// serde_json::to_string(&reeve_domain::secret::Secret::new(String::from("hunter2")));
/// ```
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes a value into keeping.
    pub fn new(value: T) -> Self {
        Secret(value)
    }

    /// The value itself; never to be logged, serialized or put into an error.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Compiles only while the named types have none of the traits that could show or copy them: with such a trait
/// there would be two implementations to choose from.
mod never_shown {
    use std::fmt::{Debug, Display};

    use serde::Serialize;

    use super::{HmacKeys, Secret};

    struct Shown;

    trait NoDebug<A> {
        fn holds() {}
    }
    impl<T> NoDebug<()> for T {}
    impl<T: Debug> NoDebug<Shown> for T {}

    trait NoDisplay<A> {
        fn holds() {}
    }
    impl<T> NoDisplay<()> for T {}
    impl<T: Display> NoDisplay<Shown> for T {}

    trait NoSerialize<A> {
        fn holds() {}
    }
    impl<T> NoSerialize<()> for T {}
    impl<T: Serialize> NoSerialize<Shown> for T {}

    trait NoClone<A> {
        fn holds() {}
    }
    impl<T> NoClone<()> for T {}
    impl<T: Clone> NoClone<Shown> for T {}

    const _: fn() = || {
        <Secret<String> as NoDebug<_>>::holds();
        <Secret<String> as NoDisplay<_>>::holds();
        <Secret<String> as NoSerialize<_>>::holds();
        <Secret<String> as NoClone<_>>::holds();
        <HmacKeys as NoDebug<_>>::holds();
        <HmacKeys as NoDisplay<_>>::holds();
        <HmacKeys as NoSerialize<_>>::holds();
        <HmacKeys as NoClone<_>>::holds();
    };
}
