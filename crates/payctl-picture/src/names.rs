//! What services are called, and which part of a picture each belongs to.

/// A part of a picture, from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lane {
    Entry,
    Keys,
    Network,
    Compute,
    Data,
    Watching,
    Other,
}

/// Each service, what AWS calls it, and where it stands. Others stand last, under payctl's own name.
const SERVICES: &[(&str, &str, Lane)] = &[
    ("acm", "Certificate Manager", Lane::Entry),
    ("apigateway", "API Gateway", Lane::Entry),
    ("apigatewayv2", "API Gateway", Lane::Entry),
    ("autoscaling", "Auto Scaling", Lane::Compute),
    ("cloudtrail", "CloudTrail", Lane::Watching),
    ("cloudwatch", "CloudWatch", Lane::Watching),
    ("config", "Config", Lane::Watching),
    ("dynamodb", "DynamoDB", Lane::Data),
    ("ec2", "EC2", Lane::Compute),
    ("elbv2", "Elastic Load Balancing", Lane::Compute),
    ("eventbridge", "EventBridge", Lane::Data),
    ("guardduty", "GuardDuty", Lane::Watching),
    ("iam", "IAM", Lane::Keys),
    ("kms", "KMS", Lane::Keys),
    ("lambda", "Lambda", Lane::Compute),
    ("logs", "CloudWatch Logs", Lane::Watching),
    ("rds", "Aurora (RDS)", Lane::Data),
    ("s3", "S3", Lane::Data),
    ("secretsmanager", "Secrets Manager", Lane::Data),
    ("sns", "SNS", Lane::Data),
    ("sqs", "SQS", Lane::Data),
    ("ssm", "Parameter Store", Lane::Data),
    ("wafv2", "WAF", Lane::Entry),
];

/// What AWS calls a service.
pub(crate) fn service(service: &str) -> &str {
    let known = SERVICES.iter().find(|(name, ..)| *name == service);
    known.map_or(service, |(_, words, _)| words)
}

/// Where a service stands whose resources are in no network.
pub(crate) fn lane(service: &str) -> Lane {
    let known = SERVICES.iter().find(|(name, ..)| *name == service);
    known.map_or(Lane::Other, |(.., lane)| *lane)
}

impl Lane {
    /// What stands above it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Entry => "Ways in",
            Self::Network => "Network",
            Self::Compute => "Functions and servers",
            Self::Data => "Data and messages",
            Self::Keys => "Keys and permissions",
            Self::Watching => "Logs, alarms and audit",
            Self::Other => "Other",
        }
    }

    /// Whether it has to do with nearly everything: lines to it would be a carpet, so that words
    /// say it.
    pub(crate) fn is_everywhere(self) -> bool {
        matches!(self, Self::Keys | Self::Watching)
    }
}

/// What a kind is called below its service, such as `security group`.
pub(crate) fn kind(kind: &str) -> String {
    kind.split_once('.').map_or(kind, |(_, rest)| rest).replace('_', " ")
}

/// A text that any reader of XML or HTML takes: without what those cannot hold, and without what
/// turns the order of letters around.
pub(crate) fn plain(text: &str) -> String {
    let is_bad = |c: char| {
        c.is_control()
            || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
            || matches!(c, '\u{FFFE}' | '\u{FFFF}')
    };
    text.chars().map(|c| if is_bad(c) { '\u{FFFD}' } else { c }).collect()
}
