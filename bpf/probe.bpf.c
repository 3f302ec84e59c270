/* The probes: one object, from what each part below holds. Kernels from 5.10 on, with BTF. */
#include "calls.bpf.h"
#include "emit.bpf.h"
#include "first_request.bpf.h"
#include "lifecycle.bpf.h"
#include "records.h"
#include "socket.bpf.h"
#include "state.bpf.h"
#include "tls.bpf.h"
#include "walk.bpf.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";
