//! What an account has beside the environments, set up as its owners would.

use aws_sdk_config::types::{ConfigurationRecorder, DeliveryChannel, RecordingGroup};
use payctl_aws::Aws;

/// AWS Config records, as `default`.
pub async fn records(aws: &Aws) {
    let group = RecordingGroup::builder().all_supported(true).build();
    let recorder = ConfigurationRecorder::builder()
        .name("default")
        .role_arn("arn:aws:iam::123456789012:role/config")
        .recording_group(group)
        .build();
    let request = aws.config.put_configuration_recorder().configuration_recorder(recorder);
    request.send().await.unwrap();
    aws.s3.create_bucket().bucket("the-accounts-config").send().await.unwrap();
    let channel =
        DeliveryChannel::builder().name("default").s3_bucket_name("the-accounts-config").build();
    aws.config.put_delivery_channel().delivery_channel(channel).send().await.unwrap();
    let start = aws.config.start_configuration_recorder().configuration_recorder_name("default");
    start.send().await.unwrap();
}
