// placeholder header, replaced by the engine's kernels
#pragma once
