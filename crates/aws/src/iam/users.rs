//! Users and their access keys.

use tidings_identity::operations::Operation;

use super::Reader;
use crate::action::IamAction;
use crate::refusal::WireError;

pub(super) fn read(action: IamAction, reader: &mut Reader<'_, '_>) -> Result<Operation, WireError> {
    use IamAction as A;
    Ok(match action {
        A::CreateUser => Operation::CreateUser {
            name: reader.required("UserName"),
            path: reader.text("Path"),
            boundary: reader.text("PermissionsBoundary"),
            tags: reader.tags(),
        },
        A::GetUser => Operation::GetUser { name: reader.text("UserName") },
        A::ListUsers => {
            Operation::ListUsers { path_prefix: reader.text("PathPrefix"), page: reader.page()? }
        }
        A::UpdateUser => Operation::UpdateUser {
            name: reader.required("UserName"),
            new_name: reader.text("NewUserName"),
            new_path: reader.text("NewPath"),
        },
        A::DeleteUser => Operation::DeleteUser { name: reader.required("UserName") },
        A::CreateAccessKey => Operation::CreateAccessKey { user: reader.text("UserName") },
        A::ListAccessKeys => {
            Operation::ListAccessKeys { user: reader.text("UserName"), page: reader.page()? }
        }
        A::UpdateAccessKey => Operation::UpdateAccessKey {
            user: reader.text("UserName"),
            id: reader.required("AccessKeyId"),
            status: reader.required("Status"),
        },
        A::DeleteAccessKey => Operation::DeleteAccessKey {
            user: reader.text("UserName"),
            id: reader.required("AccessKeyId"),
        },
        A::GetAccessKeyLastUsed => {
            Operation::GetAccessKeyLastUsed { id: reader.required("AccessKeyId") }
        }
        A::GetLoginProfile => Operation::GetLoginProfile { user: reader.text("UserName") },
        A::DeleteLoginProfile => {
            Operation::DeleteLoginProfile { user: reader.required("UserName") }
        }
        A::ListMFADevices => Operation::ListMfaDevices { user: reader.text("UserName") },
        A::ListSSHPublicKeys => Operation::ListSshPublicKeys { user: reader.text("UserName") },
        A::ListServiceSpecificCredentials => {
            Operation::ListServiceSpecificCredentials { user: reader.text("UserName") }
        }
        _ => Operation::ListSigningCertificates { user: reader.text("UserName") },
    })
}
