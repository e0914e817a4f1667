//! Groups and who is in them.

use tidings_identity::operations::Operation;

use super::Reader;
use crate::action::IamAction;
use crate::refusal::WireError;

pub(super) fn read(action: IamAction, reader: &mut Reader<'_, '_>) -> Result<Operation, WireError> {
    use IamAction as A;
    Ok(match action {
        A::CreateGroup => {
            Operation::CreateGroup { name: reader.required("GroupName"), path: reader.text("Path") }
        }
        A::GetGroup => {
            Operation::GetGroup { name: reader.required("GroupName"), page: reader.page()? }
        }
        A::ListGroups => {
            Operation::ListGroups { path_prefix: reader.text("PathPrefix"), page: reader.page()? }
        }
        A::UpdateGroup => Operation::UpdateGroup {
            name: reader.required("GroupName"),
            new_name: reader.text("NewGroupName"),
            new_path: reader.text("NewPath"),
        },
        A::DeleteGroup => Operation::DeleteGroup { name: reader.required("GroupName") },
        A::AddUserToGroup => Operation::AddUserToGroup {
            group: reader.required("GroupName"),
            user: reader.required("UserName"),
        },
        A::RemoveUserFromGroup => Operation::RemoveUserFromGroup {
            group: reader.required("GroupName"),
            user: reader.required("UserName"),
        },
        _ => {
            Operation::ListGroupsForUser { user: reader.required("UserName"), page: reader.page()? }
        }
    })
}
