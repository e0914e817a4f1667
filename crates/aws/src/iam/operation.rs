//! Which action is which operation. Those of a kind lie in a file of their own.

use tidings_identity::operations::Operation;

use super::{Reader, groups, policies, roles, users};
use crate::action::IamAction;
use crate::refusal::WireError;

pub(super) fn read(action: IamAction, reader: &mut Reader<'_, '_>) -> Result<Operation, WireError> {
    use IamAction as A;
    match action {
        A::CreateUser
        | A::GetUser
        | A::ListUsers
        | A::UpdateUser
        | A::DeleteUser
        | A::CreateAccessKey
        | A::ListAccessKeys
        | A::UpdateAccessKey
        | A::DeleteAccessKey
        | A::GetAccessKeyLastUsed
        | A::GetLoginProfile
        | A::DeleteLoginProfile
        | A::ListMFADevices
        | A::ListSSHPublicKeys
        | A::ListServiceSpecificCredentials
        | A::ListSigningCertificates => users::read(action, reader),
        A::CreateGroup
        | A::GetGroup
        | A::ListGroups
        | A::UpdateGroup
        | A::DeleteGroup
        | A::AddUserToGroup
        | A::RemoveUserFromGroup
        | A::ListGroupsForUser => groups::read(action, reader),
        A::CreateRole
        | A::GetRole
        | A::ListRoles
        | A::UpdateRole
        | A::UpdateRoleDescription
        | A::UpdateAssumeRolePolicy
        | A::DeleteRole
        | A::ListInstanceProfilesForRole => roles::read(action, reader),
        A::ListVirtualMFADevices => Ok(Operation::ListVirtualMfaDevices),
        A::ListAccountAliases => Ok(Operation::ListAccountAliases),
        A::GetAccountSummary => Ok(Operation::GetAccountSummary),
        _ => policies::read(action, reader),
    }
}
