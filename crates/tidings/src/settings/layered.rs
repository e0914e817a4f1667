//! Tables of settings, each key written down once.

/// A table whose keys all may be missing: a struct of options that clap and serde read, with `over`.
///
/// A key that were forgotten where two layers come together would silently be without effect; here it
/// cannot be.
macro_rules! layered {
    (
        $(#[$about:meta])*
        $visibility:vis struct $table:ident {
            $($(#[$about_key:meta])* $key:ident: $value:ty,)*
        }
    ) => {
        $(#[$about])*
        #[derive(clap::Args, serde::Deserialize, Clone, PartialEq, Debug, Default)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        $visibility struct $table {
            $($(#[$about_key])* pub(crate) $key: Option<$value>,)*
        }

        impl $table {
            /// This layer, with `below` showing through where it is silent.
            pub(crate) fn over(self, below: Self) -> Self {
                Self { $($key: self.$key.or(below.$key),)* }
            }
        }
    };
}

pub(super) use layered;
