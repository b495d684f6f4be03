//! Resource policies of secrets: whoever is not named gets no value, whatever else allows it.
//!
//! Only reading is denied, so that nobody is locked out of the secret itself: whoever may delete
//! it, or replace its policy, still may.

use serde_json::{Value, json};

use super::secret::ON_ITS_WAY;
use crate::Statement;
use crate::policy::principals;
use crate::prelude::*;

/// Who gets a secret's value. Everybody else is refused, administrators included.
#[kind(
    "secretsmanager.resource_policy",
    outputs(secret: Arn, made_by: String),
    stable(secret),
    // A second call puts the same.
    repeat = Unique,
    look = "secretsmanager:GetResourcePolicy",
    create = "secretsmanager:PutResourcePolicy",
    change = "secretsmanager:PutResourcePolicy",
    delete = "secretsmanager:DeleteResourcePolicy",
)]
pub struct ResourcePolicy {
    #[prop(replaces, unique, parent, serial)]
    pub secret: Input<Arn>,
    /// ARNs of roles and users, `*` and `?` among them, besides whoever made this: that one has to
    /// read the value to give it to a database. What others wrote into the policy is read as one
    /// more of these.
    pub readers: Set<String>,
}

/// How a policy names whoever asks (IAM user guide, "AWS global condition context keys"): of a
/// session, the role's ARN.
const OPERATOR: &str = "ArnNotLike";
const KEY: &str = "aws:PrincipalArn";

impl Resource for ResourcePolicy {
    async fn find(&self, cx: &Cx<'_>) -> Result<Vec<ResourcePolicyOutputs>> {
        let Ok(secret) = self.secret.get() else { return Ok(Vec::new()) };
        let Some(seen) = look(cx, secret).await? else { return Ok(Vec::new()) };
        let made_by = maker(&seen, &self.readers).unwrap_or_else(|| principal(cx));
        Ok(vec![ResourcePolicyOutputs { secret: secret.clone(), made_by }])
    }

    async fn read(cx: &Cx<'_>, known: &ResourcePolicyOutputs) -> Result<Option<Self>> {
        let Some(seen) = look(cx, &known.secret).await? else { return Ok(None) };
        let recorded = cx.properties.get("readers").cloned().unwrap_or_default();
        let recorded: Vec<String> = serde_json::from_value(recorded).unwrap_or_default();
        let readers = readers(seen, &recorded, &known.made_by);
        Ok(Some(Self { secret: known.secret.clone().into(), readers }))
    }

    async fn create(&self, cx: &Cx<'_>) -> Result<ResourcePolicyOutputs> {
        let known =
            ResourcePolicyOutputs { secret: self.secret.get()?.clone(), made_by: principal(cx) };
        self.put(cx, &known).await?;
        Ok(known)
    }

    async fn converge(
        &self,
        cx: &Cx<'_>,
        known: &ResourcePolicyOutputs,
        _: &Changed,
    ) -> Result<()> {
        self.put(cx, known).await
    }

    async fn delete(cx: &Cx<'_>, known: &ResourcePolicyOutputs) -> Result<()> {
        let request = cx.cloud.secretsmanager.delete_resource_policy().secret_id(&known.secret);
        request.send().await.unless_absent(ON_ITS_WAY)?;
        Ok(())
    }
}

impl ResourcePolicy {
    async fn put(&self, cx: &Cx<'_>, known: &ResourcePolicyOutputs) -> Result<()> {
        let readers = self.readers.iter().cloned().chain(names(&known.made_by)).collect();
        let request = cx.cloud.secretsmanager.put_resource_policy().secret_id(&known.secret);
        request
            .resource_policy(Policy::new([only(&readers)]).document()?)
            .block_public_policy(true)
            .send()
            .await?;
        Ok(())
    }
}

/// Denies the value to all but these.
fn only(readers: &Set<String>) -> Statement {
    Statement::deny("OnlyReaders", &["secretsmanager:GetSecretValue"])
        .for_all()
        // In a secret's own policy that is the secret.
        .on_all()
        .when(OPERATOR, KEY, readers)
}

/// Whom the secret's policy names, and what else it says; nothing where there is none.
async fn look(cx: &Cx<'_>, secret: &Arn) -> Result<Option<Vec<String>>> {
    let request = cx.cloud.secretsmanager.get_resource_policy().secret_id(secret);
    let reply = request.send().await.unless_absent(ON_ITS_WAY)?;
    let policy = reply.and_then(|reply| reply.resource_policy);
    policy.map(|policy| named(&policy)).transpose()
}

fn named(policy: &str) -> Result<Vec<String>> {
    let written = serde_json::to_value(Policy::parse(policy)?)
        .map_err(|source| AwsError::unexpected("resource policy", source))?;
    let mut all = Vec::new();
    for statement in written["Statement"].as_array().into_iter().flatten() {
        match excepted(statement) {
            // A second one would deny it to some of them again.
            Some(readers) if all.is_empty() => all.extend(readers),
            _ => all.push(format!("another statement for {}", principals(statement))),
        }
    }
    Ok(all)
}

/// Whom our statement names; nothing, when it is another.
fn excepted(statement: &Value) -> Option<Vec<String>> {
    let readers = match &statement["Condition"][OPERATOR][KEY] {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return None,
    };
    let ours = Policy::new([only(&readers.iter().cloned().collect())]);
    let theirs = json!({ "Version": "2012-10-17", "Statement": [statement] });
    (serde_json::to_value(ours).ok()? == theirs).then_some(readers)
}

/// Of whom the policy names, all but who made it, where that one is not declared as well.
fn readers(mut seen: Vec<String>, declared: &[String], made_by: &str) -> Set<String> {
    let makers = names(made_by);
    match makers.iter().all(|maker| seen.contains(maker)) {
        true => seen.retain(|one| !makers.contains(one) || declared.contains(one)),
        // Drift as well: whoever is to change the database would be refused.
        false => seen.push(format!("without {made_by}")),
    }
    seen.into_iter().collect()
}

/// Who made a policy that nobody has recorded: the one principal that is none of the readers.
fn maker(seen: &[String], readers: &Set<String>) -> Option<String> {
    let declared: Vec<&String> = readers.iter().collect();
    let mut others: Vec<&String> = seen.iter().filter(|one| !declared.contains(one)).collect();
    others.sort_by_key(|one| one.contains("/*/"));
    let maker = others.first()?;
    (names(maker).iter().collect::<Vec<_>>() == others).then(|| (*maker).clone())
}

/// Who calls, by the ARN of the user or role, of which a session does not tell the path.
fn principal(cx: &Cx<'_>) -> String {
    let caller = &cx.cloud.facts.caller;
    match caller.split_once(":assumed-role/") {
        Some((_, session)) => {
            let role = session.split('/').next().unwrap_or_default();
            let facts = &cx.cloud.facts;
            format!("arn:{}:iam::{}:role/{role}", facts.partition, facts.account)
        }
        None => caller.clone(),
    }
}

/// The ARNs that the user or role may have: an account has one role of a name, in whatever path
/// (CreateRole).
fn names(principal: &str) -> Vec<String> {
    match principal.split_once(":role/") {
        Some((account, role)) => vec![principal.to_owned(), format!("{account}:role/*/{role}")],
        None => vec![principal.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::123456789012:role/payment-validation-role-dev";
    const DEPLOYER: &str = "arn:aws:iam::123456789012:role/deployer";

    fn readers(all: &[&str]) -> Set<String> {
        all.iter().map(|one| (*one).to_owned()).collect()
    }

    fn written(all: &[&str]) -> String {
        Policy::new([only(&readers(all))]).document().unwrap()
    }

    #[test]
    fn what_is_written_reads_back() {
        assert_eq!(named(&written(&[ROLE, DEPLOYER])).unwrap(), [DEPLOYER, ROLE]);
        assert_eq!(named(&written(&[ROLE])).unwrap(), [ROLE]);
    }

    #[test]
    fn what_others_wrote_into_it_is_seen() {
        let mut policy: Value = serde_json::from_str(&written(&[ROLE])).unwrap();
        let open = json!({
            "Effect": "Allow", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*",
        });
        policy["Statement"].as_array_mut().unwrap().push(open);
        assert_eq!(named(&policy.to_string()).unwrap(), [ROLE, "another statement for anyone"]);
        // One that only looks like ours.
        policy["Statement"][0]["Action"] = "secretsmanager:DescribeSecret".into();
        let seen = named(&policy.to_string()).unwrap();
        assert_eq!(seen, ["another statement for anyone"; 2]);
    }

    #[test]
    fn a_role_is_named_whatever_its_path() {
        let both = [DEPLOYER.to_owned(), DEPLOYER.replace("role/", "role/*/")];
        assert_eq!(names(DEPLOYER), both);
        let user = "arn:aws:iam::123456789012:user/team/ada";
        assert_eq!(names(user), [user]);
    }

    #[test]
    fn who_made_it_is_a_reader_that_nobody_declares() {
        let seen = || names(DEPLOYER).into_iter().chain([ROLE.to_owned()]).collect::<Vec<_>>();
        let declared = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let of = |all: &[&str]| super::readers(seen(), &declared(all), DEPLOYER);
        assert_eq!(of(&[ROLE]), readers(&[ROLE]));
        // Where it is declared, as the account's root is.
        assert_eq!(of(&[ROLE, DEPLOYER]), readers(&[ROLE, DEPLOYER]));
        let missing = super::readers(vec![ROLE.to_owned()], &declared(&[ROLE]), DEPLOYER);
        assert_eq!(missing, readers(&[ROLE, &format!("without {DEPLOYER}")]));
    }

    #[test]
    fn only_one_that_is_not_declared_is_who_made_it() {
        let seen = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let path = DEPLOYER.replace("role/", "role/*/");
        let both = [path.as_str(), ROLE, DEPLOYER];
        assert_eq!(maker(&seen(&both), &readers(&[ROLE])).as_deref(), Some(DEPLOYER));
        assert_eq!(maker(&seen(&both), &readers(&[])), None);
        assert_eq!(maker(&seen(&[ROLE]), &readers(&[ROLE])), None);
    }
}
