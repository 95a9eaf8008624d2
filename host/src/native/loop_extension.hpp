// "virgo.loop/1": the table of virgo/ext/loop.h. Its functions find the check and
// leave the rest to LoopObjects and Handles.
#pragma once

#include "virgo/ext/loop.h"

namespace virgo::native {

// The same for every module; lives for ever. Any thread.
const virgo_loop& loop_extension();

}  // namespace virgo::native
