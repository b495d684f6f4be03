//! What a careful colleague would mention before it is made.

use payctl_engine::Stack;

use crate::settings::Authorization;

/// Says that an API answers whoever calls it, if it does; `section` is the system's in the
/// configuration.
pub(super) fn open_api(stack: &mut Stack, section: &str, authorization: Authorization) {
    if authorization == Authorization::None {
        stack.note(&format!(
            "anyone may call the API: `authorization = \"iam\"` under [{section}] lets in signed \
             requests only"
        ));
    }
}
