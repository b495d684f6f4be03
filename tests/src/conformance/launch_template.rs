//! The case of launch templates, and those of other cases.

use payctl_aws::ec2::{Disk, ImageId, LaunchTemplate, Metadata, SecurityGroup, VpcRef};
use payctl_aws::iam::InstanceProfileRef;
use payctl_aws::{Arn, Tags};
use payctl_engine::{Address, Handle as _, Input, Stack};

use super::{Case, ec2, iam, stack, tags};
use crate::emulator::Emulator::{Ministack, Moto};

fn add_profile(s: &mut Stack, name: &str) -> InstanceProfileRef {
    let role = s.add(name, iam::role(name, "ec2.amazonaws.com"));
    s.add(name, iam::profile(name, &role))
}

fn disk(size_gb: u32) -> Disk {
    Disk {
        device: "/dev/xvda".to_owned(),
        size_gb,
        volume_type: "gp3".to_owned(),
        encrypted: true,
        kms_key: None,
        delete_on_termination: true,
    }
}

fn metadata(hops: u32) -> Metadata {
    Metadata { enabled: true, tokens: "required".to_owned(), hops }
}

fn one_tag(name: &str, value: &str) -> Tags {
    [(name.to_owned(), value.to_owned())].into()
}

/// A template in `vpc`. What it needs is added once, the security group with `description`.
pub(super) fn template(s: &mut Stack, vpc: &VpcRef, description: &str) -> LaunchTemplate {
    let server = |kind: &str| Address::new(kind, "server");
    if !s.resources().iter().any(|declared| declared.address == server("ec2.security_group")) {
        add_profile(s, "server");
        s.add(
            "server",
            SecurityGroup { description: description.to_owned(), ..ec2::group("server", vpc) },
        );
    }
    let output =
        |kind: &str, output: &str| -> Input<String> { Input::output(&server(kind), output) };
    LaunchTemplate {
        name: "conformance-test".to_owned(),
        image: ImageId::from("ami-03cf127a"),
        instance_type: "t3.small".to_owned(),
        profile: output("iam.instance_profile", "arn").cast(),
        security_groups: [output("ec2.security_group", "id").cast()].into_iter().collect(),
        disk: disk(8),
        metadata: metadata(1),
        monitoring: true,
        user_data: "#!/bin/sh\necho \"größer\" >/dev/null\n".to_owned(),
        instance_tags: one_tag("Server", "payments"),
        volume_tags: one_tag("Name", "payments"),
        tags: tags("template"),
    }
}

pub(super) fn cases(cases: &mut Vec<Case>) {
    let mut s = stack();
    let vpc = s.add("main", ec2::vpc());
    let other_profile = add_profile(&mut s, "other");
    let other_group = s.add("other", ec2::group("other", &vpc));
    let template = template(&mut s, &vpc, "conformance");
    let template = s.add("server", template);
    let key = Arn::from("arn:aws:kms:us-east-1:123456789012:key/one");
    let with_key = Disk { kms_key: Some(key.into()), ..disk(8) };
    let (device, volume_type) = ("/dev/sdb".to_owned(), "gp2".to_owned());
    let plain = Disk { device, volume_type, encrypted: false, ..disk(8) };
    cases.push(
        Case::new(s, template.address())
            .edit("image", "ami-12c6146b")
            .edit("instance_type", "t3.micro")
            .edit("profile", other_profile.arn())
            .edit("security_groups", [other_group.id()])
            .edit("disk", disk(16))
            .edit("disk", with_key)
            .edit("disk", plain)
            .edit("disk", Disk { delete_on_termination: false, ..disk(8) })
            .edit("metadata", metadata(2))
            .edit("metadata", Metadata { enabled: false, ..metadata(1) })
            .edit("metadata", Metadata { tokens: "optional".to_owned(), ..metadata(1) })
            .edit("monitoring", false)
            .edit("user_data", "")
            .edit("instance_tags", Tags::new())
            .edit("volume_tags", one_tag("Name", "other"))
            .edit("tags", tags("other"))
            .except(Moto, "tags", "DescribeLaunchTemplates answers those of its creation")
            .except(Ministack, "disk", "the key of a disk is dropped"),
    );
}
