"""What Terraform's provider for AWS calls to make a resource, to read it again, to change it and to
take it away, in its order. Whatever it reads that it has not set would be a change for ever."""

from world import ACCOUNT, allow, document, expect, refused

TAGS = [{"Key": "team", "Value": "tides"}]
SENDS, RECEIVES = document(allow("sqs:SendMessage")), document(allow("sqs:ReceiveMessage"))


def iam_user(world):
    named = {"UserName": world.name("ann")}
    made = world.iam.create_user(**named, Path="/desk/", Tags=TAGS)["User"]
    world.finally_do(world.iam.delete_user, **named)
    user = world.iam.get_user(**named)["User"]
    expect(user["Arn"], f"arn:aws:iam::{ACCOUNT}:user/desk/{named['UserName']}")
    expect([user[key] for key in ("UserName", "Path", "Tags")], [*named.values(), "/desk/", TAGS])
    expect(user["UserId"], made["UserId"])
    expect("PermissionsBoundary" in user, False)
    changed = [{"Key": "team", "Value": "tines"}]
    world.iam.tag_user(**named, Tags=[*changed, {"Key": "sea", "Value": "north"}])
    world.iam.untag_user(**named, TagKeys=["sea"])
    expect(world.iam.get_user(**named)["User"]["Tags"], changed)
    renamed = {"UserName": world.name("anne")}
    world.iam.update_user(**named, NewUserName=renamed["UserName"], NewPath="/")
    world.finally_do(world.iam.delete_user, **renamed)
    user = world.iam.get_user(**renamed)["User"]
    expect((user["Path"], user["UserId"]), ("/", made["UserId"]))
    expect(world.iam.list_groups_for_user(**renamed)["Groups"], [])
    forced_destroy_finds_nothing(world.iam, renamed)
    world.iam.delete_user(**renamed)
    with refused("NoSuchEntity"):
        world.iam.get_user(**renamed)


def forced_destroy_finds_nothing(iam, named):
    """What `force_destroy` looks for: kinds of things that users here never have, too."""
    expect(iam.list_access_keys(**named)["AccessKeyMetadata"], [])
    expect(iam.list_ssh_public_keys(**named)["SSHPublicKeys"], [])
    expect(iam.list_virtual_mfa_devices()["VirtualMFADevices"], [])
    expect(iam.list_mfa_devices(**named)["MFADevices"], [])
    with refused("NoSuchEntity"):
        iam.delete_login_profile(**named)
    expect(iam.list_signing_certificates(**named)["Certificates"], [])
    credentials = iam.list_service_specific_credentials(**named)
    expect(credentials["ServiceSpecificCredentials"], [])


def iam_access_key(world):
    ann = world.user("ann")
    named = {"UserName": ann.name}

    def read():
        listed = world.iam.list_access_keys(**named)["AccessKeyMetadata"]
        return [(key["AccessKeyId"], key["Status"]) for key in listed]

    expect(read(), [(ann.key.id, "Active")])
    world.iam.update_access_key(**named, AccessKeyId=ann.key.id, Status="Inactive")
    expect(read(), [(ann.key.id, "Inactive")])
    world.iam.delete_access_key(**named, AccessKeyId=ann.key.id)
    expect(read(), [])


def iam_policy(world):
    made = world.iam.create_policy(
        PolicyName=world.name("send"),
        Path="/desk/",
        Description="sends",
        PolicyDocument=SENDS,
        Tags=TAGS,
    )
    named = {"PolicyArn": made["Policy"]["Arn"]}
    world.finally_do(world.iam.delete_policy, **named)

    def read():
        policy = world.iam.get_policy(**named)["Policy"]
        version = world.iam.get_policy_version(**named, VersionId=policy["DefaultVersionId"])
        return policy, document(*version["PolicyVersion"]["Document"]["Statement"])

    policy, saved = read()
    expect((saved, policy["Path"], policy["Description"]), (SENDS, "/desk/", "sends"))
    expect((policy["Tags"], policy["AttachmentCount"], policy["IsAttachable"]), (TAGS, 0, True))
    for number in range(2, 6):
        world.iam.create_policy_version(**named, PolicyDocument=RECEIVES, SetAsDefault=True)
        expect(read()[0]["DefaultVersionId"], f"v{number}")
    with refused("LimitExceeded"):
        world.iam.create_policy_version(**named, PolicyDocument=SENDS, SetAsDefault=True)
    # The provider takes the oldest away then.
    versions = world.iam.list_policy_versions(**named)["Versions"]
    world.iam.delete_policy_version(**named, VersionId=versions[-1]["VersionId"])
    world.iam.create_policy_version(**named, PolicyDocument=SENDS, SetAsDefault=True)
    policy, saved = read()
    expect((saved, policy["DefaultVersionId"]), (SENDS, "v6"))
    for version in world.iam.list_policy_versions(**named)["Versions"]:
        if not version["IsDefaultVersion"]:
            world.iam.delete_policy_version(**named, VersionId=version["VersionId"])
    world.iam.delete_policy(**named)
    with refused("NoSuchEntity"):
        world.iam.get_policy(**named)


def iam_user_policy_attachment(world):
    ann = world.user("ann")
    policies = [world.policy("send", allow("sqs:SendMessage"))]
    policies.append("arn:aws:iam::aws:policy/AmazonSNSReadOnlyAccess")

    def read():
        attached = world.iam.list_attached_user_policies(UserName=ann.name)["AttachedPolicies"]
        return sorted((policy["PolicyArn"], policy["PolicyName"]) for policy in attached)

    for arn in policies:
        world.iam.attach_user_policy(UserName=ann.name, PolicyArn=arn)
        world.finally_do(world.iam.detach_user_policy, UserName=ann.name, PolicyArn=arn)
    expect(read(), sorted((arn, arn.split("/")[-1]) for arn in policies))
    world.iam.attach_user_policy(UserName=ann.name, PolicyArn=policies[0])  # again is no error
    for arn in policies:
        world.iam.detach_user_policy(UserName=ann.name, PolicyArn=arn)
    expect(read(), [])
    with refused("NoSuchEntity"):
        world.iam.detach_user_policy(UserName=ann.name, PolicyArn=policies[0])


def iam_role(world):
    named = {"RoleName": world.name("worker")}
    ann = world.user("ann")
    trust = {"Effect": "Allow", "Principal": {"AWS": ann.arn}, "Action": "sts:AssumeRole"}
    world.iam.create_role(
        **named,
        Path="/",
        AssumeRolePolicyDocument=document(trust),
        Description="works",
        MaxSessionDuration=7200,
        Tags=TAGS,
    )
    world.finally_do(world.iam.delete_role, **named)

    def read():
        role = world.iam.get_role(**named)["Role"]
        inline = world.iam.list_role_policies(**named)["PolicyNames"]
        attached = world.iam.list_attached_role_policies(**named)["AttachedPolicies"]
        return role, inline, [policy["PolicyArn"] for policy in attached]

    role, inline, attached = read()
    expect(role["AssumeRolePolicyDocument"]["Statement"], [trust])
    given = {"Path": "/", "Description": "works", "MaxSessionDuration": 7200, "Tags": TAGS}
    expect({key: role[key] for key in given}, given)
    expect((inline, attached), ([], []))
    read_only = {**named, "PolicyArn": "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"}
    world.iam.attach_role_policy(**read_only)
    world.finally_do(world.iam.detach_role_policy, **read_only)
    own = {**named, "PolicyName": "own"}
    world.iam.put_role_policy(**own, PolicyDocument=SENDS)
    world.finally_do(world.iam.delete_role_policy, **own)
    saved = world.iam.get_role_policy(**own)["PolicyDocument"]
    expect(document(*saved["Statement"]), SENDS)
    closed = {**trust, "Effect": "Deny"}
    world.iam.update_assume_role_policy(**named, PolicyDocument=document(closed))
    world.iam.update_role(**named, Description="rests", MaxSessionDuration=3600)
    role, inline, attached = read()
    expect(role["AssumeRolePolicyDocument"]["Statement"], [closed])
    expect((role["Description"], role["MaxSessionDuration"]), ("rests", 3600))
    expect((inline, attached), (["own"], [read_only["PolicyArn"]]))
    with refused("DeleteConflict"):
        world.iam.delete_role(**named)
    world.iam.delete_role_policy(**own)
    world.iam.detach_role_policy(**read_only)
    profiles = world.iam.list_instance_profiles_for_role(**named)["InstanceProfiles"]
    expect(profiles, [])
    world.iam.delete_role(**named)
    with refused("NoSuchEntity"):
        world.iam.get_role(**named)


CHECKS = {
    "as Terraform does: aws_iam_user": iam_user,
    "as Terraform does: aws_iam_access_key": iam_access_key,
    "as Terraform does: aws_iam_policy": iam_policy,
    "as Terraform does: aws_iam_user_policy_attachment": iam_user_policy_attachment,
    "as Terraform does: aws_iam_role": iam_role,
}
