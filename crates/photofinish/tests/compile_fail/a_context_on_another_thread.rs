//@ error: [E0277]

use photofinish::TaskContext;

/// A task's context stays on the thread that runs the task.
pub fn send(context: TaskContext) {
    std::thread::spawn(move || context.is_cancel_requested());
}
