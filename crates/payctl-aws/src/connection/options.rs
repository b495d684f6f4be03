//! How payctl is to reach AWS, where the user says so.

use super::roles::AskCode;

/// How payctl is to reach AWS, where the user says so.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// The region, where the user names one.
    pub region: Option<String>,
    /// The profile of the user's AWS configuration.
    pub profile: Option<String>,
    /// Another endpoint for all services, such as an emulator's.
    pub endpoint: Option<String>,
    /// What to say when nobody listens there any more, though somebody did.
    pub ended: Option<String>,
    /// Fixed credentials (key id, secret), where the usual chain is not to be asked.
    pub credentials: Option<(String, String)>,
    /// A role to assume with the credentials.
    pub role_arn: Option<String>,
    /// What the role's trust policy asks for.
    pub external_id: Option<String>,
    /// Asks for the code of an MFA device.
    pub ask_code: Option<AskCode>,
}
