//! Cases of certificates.

use std::fs;
use std::time::Duration;

use aws_sdk_acm::primitives::Blob;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use payctl_aws::acm::{Certificate, CertificateRef};
use payctl_aws::{Arn, Artifacts, Aws};
use payctl_engine::{Goal, Handle as _, Stack};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use serde_json::{Value, json};

use super::{Case, secretsmanager, stack, tags};
use crate::emulator::{Emulator, Server};
use crate::environment::Environment;
use crate::http;

pub(super) fn certificate() -> Certificate {
    Certificate {
        domain: "payments.internal".to_owned(),
        valid_days: 365,
        renewed: true,
        tags: tags("certificate"),
    }
}

pub(super) fn cases(cases: &mut Vec<Case>) {
    let mut s = stack();
    let main = s.add("main", certificate());
    // One more of the same name, which is another's.
    s.add("other", certificate());
    cases.push(
        Case::new(s, main.address())
            .edit("valid_days", 90)
            .edit("tags", tags("other"))
            .except(Emulator::Moto, "tags", "those of one that is imported again are lost")
            .except(Emulator::Ministack, "domain", "what is imported is not read")
            .except(Emulator::Ministack, "valid_days", "what is imported is not read"),
    );
}

/// A certificate for `domain` that was made long ago and is valid for so many days more, and its
/// key.
pub fn one(domain: &str, days_left: u64) -> (String, String) {
    let day = Duration::from_secs(24 * 60 * 60);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(now.as_secs());
    let mut params = CertificateParams::new([domain.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, domain);
    // ACM takes none in another's place that is good for less.
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = now - day * 300;
    // A little more, so that days count full.
    params.not_after = now + day * u32::try_from(days_left).unwrap() + Duration::from_secs(600);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// Imports one by hand under the ARN of another.
pub async fn import_over(aws: &Aws, arn: &Arn, domain: &str, days_left: u64) {
    let (certificate, key) = one(domain, days_left);
    let request = aws.acm.import_certificate().certificate_arn(arn);
    let request = request.certificate(Blob::new(certificate)).private_key(Blob::new(key));
    request.send().await.unwrap();
}

async fn up(server: &Server) -> (Environment, Stack, CertificateRef) {
    let environment = Environment::new(server, "conformance", "test", Artifacts::default()).await;
    let mut s = stack();
    let main = s.add("main", certificate());
    let (_, outcome) = environment.run(&s, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    (environment, s, main)
}

/// One near its end is in the plan, and is imported anew under the same ARN.
pub async fn one_near_its_end_is_renewed() {
    let server = Server::start(Emulator::Sandbox);
    let (environment, stack, main) = up(&server).await;
    let see = async || {
        let mut observed = environment.observe(&stack).await;
        observed.resources.remove(main.address()).unwrap()
    };
    let first = see().await;
    let arn = Arn::from(first.outputs["arn"].as_str().unwrap());
    let serial = async || {
        let request = environment.aws().acm.describe_certificate().certificate_arn(&arn);
        request.send().await.unwrap().certificate.unwrap().serial.unwrap()
    };
    let changes = async || -> Vec<String> {
        let plan = environment.plan(&stack, Goal::Up).await;
        plan.steps.iter().flat_map(|step| &step.changes).map(|one| one.property.clone()).collect()
    };
    assert_eq!(changes().await, [""; 0]);

    // 31 days before its end it stays; in the last 30 it does not. Made by hand it is of another
    // length too.
    import_over(environment.aws(), &arn, "payments.internal", 31).await;
    assert_eq!(changes().await, ["valid_days"]);
    import_over(environment.aws(), &arn, "payments.internal", 29).await;
    assert_eq!(changes().await, ["valid_days", "renewed"]);
    let near = serial().await;
    let (plan, outcome) = environment.run(&stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    assert_eq!((plan.counts().update, plan.counts().create), (1, 0));
    let again = see().await;
    assert_eq!((&again.outputs, &again.properties), (&first.outputs, &first.properties));
    assert_ne!(serial().await, near);
    assert_eq!(changes().await, [""; 0]);
}

/// One whose creation was not answered is found, and no second one is made.
pub async fn a_lost_one_is_found() {
    let server = Server::start(Emulator::Sandbox);
    let (environment, stack, main) = up(&server).await;
    let arns = async || -> Vec<Option<String>> {
        let like_ours = aws_sdk_acm::types::Filters::builder();
        let like_ours = like_ours.key_types(aws_sdk_acm::types::KeyAlgorithm::EcPrime256v1);
        let request = environment.aws().acm.list_certificates().includes(like_ours.build());
        let all = request.send().await.unwrap().certificate_summary_list.unwrap_or_default();
        all.into_iter().map(|one| one.certificate_arn).collect()
    };
    let before = arns().await;
    environment.lose_state();
    let (plan, outcome) = environment.run(&stack, Goal::Up).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    let step = plan.steps.iter().find(|step| step.address == *main.address()).unwrap();
    assert_eq!(step.known.as_ref().unwrap()["arn"], json!(before[0]));
    assert_eq!(arns().await, before);
}

/// From the creation to the deletion, the keys are in nothing that payctl has.
pub async fn a_key_is_written_nowhere() {
    // Stock moto tells what it was asked, word for word.
    let server = Server::start(Emulator::Moto);
    recorder(&server, "POST", "start-recording");
    secretsmanager::listen();
    let (environment, stack, _) = up(&server).await;
    let mut all = vec![format!("{:?}", environment.state())];
    let mut longer = super::stack();
    longer.add("main", Certificate { valid_days: 400, ..certificate() });
    let plan = environment.plan(&longer, Goal::Up).await;
    all.push(format!("{plan:?} {}", serde_json::to_string(&plan).unwrap()));
    let outcome = environment.execute(&plan).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    all.push(format!("{outcome:?} {:?}", environment.observe(&stack).await));
    // Puts back the tags that this emulator forgets.
    environment.run(&longer, Goal::Up).await;
    let (plan, outcome) = environment.run(&stack, Goal::Destroy).await;
    assert!(outcome.is_complete() && plan.counts().delete == 1, "{plan:?}");
    all.push(format!("{plan:?} {outcome:?}"));
    let logged = secretsmanager::heard();
    assert!(logged.contains("operation=\"ImportCertificate\""), "{logged}");
    all.push(logged);
    let mut folders = vec![environment.folder().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => all.push(String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()),
            }
        }
    }
    assert!(all.iter().any(|text| text.contains("payments.internal")), "the domain is in none");
    let keys = keys(&server);
    assert_eq!(keys.len(), 2, "one that was imported, and one that was imported over it");
    assert_ne!(keys[0], keys[1]);
    for needle in keys.iter().flat_map(|pem| needles(pem)) {
        let hit = all.iter().position(|text| text.contains(&needle));
        assert_eq!(hit, None, "a key is in one of {} texts", all.len());
    }
}

/// The private keys that the emulator was sent.
fn keys(server: &Server) -> Vec<String> {
    let decoded = |text: &Value| BASE64_STANDARD.decode(text.as_str().unwrap()).unwrap();
    let requests = recorder(server, "GET", "download-recording");
    let requests = requests.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let imports = requests.filter(|request| {
        request["headers"]["X-Amz-Target"] == "CertificateManager.ImportCertificate"
    });
    let key = |request: Value| {
        let body: Value = serde_json::from_slice(&decoded(&request["body"])).unwrap();
        String::from_utf8(decoded(&body["PrivateKey"])).unwrap()
    };
    imports.map(key).collect()
}

fn recorder(server: &Server, method: &str, what: &str) -> String {
    let host = server.endpoint.trim_start_matches("http://");
    let url = format!("{host}/moto-api/recorder/{what}");
    let (status, answer) = http::request(server, method, &url, "", "");
    assert_eq!(status, 200, "{answer}");
    answer
}

/// A key in every form that it might be written in: PEM, hex, and a list of bytes.
fn needles(pem: &str) -> Vec<String> {
    let lines = pem.lines().filter(|line| !line.starts_with('-') && !line.is_empty());
    let mut needles: Vec<String> = lines.map(str::to_owned).collect();
    assert!(needles.len() > 1, "no key: {} characters", pem.len());
    needles.push(pem.bytes().map(|byte| format!("{byte:02x}")).collect());
    needles.push(format!("{:?}", pem.as_bytes()).trim_matches(['[', ']']).to_owned());
    needles
}
