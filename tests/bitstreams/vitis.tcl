# SPDX-License-Identifier: Apache-2.0
# A recorder of Vitis HLS's commands, as vivado.tcl is of Vivado's: `tclsh vitis.tcl RECORD SCRIPT ARGUMENTS...`.
# RECORD gets a line a command, words apart by tabs; a command or option that it does not know is an error.

set out [lindex $argv 0]
set script [lindex $argv 1]
set argv [lrange $argv 2 end]
set argc [llength $argv]
set record [open $out w]

proc unknown {name args} { error "Vitis HLS has no command \"$name\"" }

# name, flags, options with a value, how many other words
foreach {name flags options least most} {
  open_project {-reset} {} 1 1
  set_top {} {} 1 1
  add_files {-tb} {-cflags -csimflags} 1 1
  open_solution {-reset} {-flow_target} 1 1
  set_part {} {} 1 1
  create_clock {} {-period -name} 0 0
  config_interface {-m_axi_addr64=1 -m_axi_addr64=0} {} 0 0
  csynth_design {} {} 0 0
  export_design {} {-format -vendor -library -ipname -version -output -description -display_name} 0 0
} {
  proc $name args [format {
    puts $::record [join [list %1$s {*}$args] "\t"]
    set words {}
    for {set i 0} {$i < [llength $args]} {incr i} {
      set word [lindex $args $i]
      if {$word in {%2$s}} { continue }
      if {$word in {%3$s}} {
        if {[incr i] >= [llength $args]} { error "%1$s: $word needs a value" }
      } elseif {[string match -* $word]} { error "%1$s has no option \"$word\""
      } else { lappend words $word }
    }
    if {[llength $words] < %4$d || [llength $words] > %5$d} { error "%1$s: expected %4$d to %5$d words, got $words" }
  } $name $flags $options $least $most]
}

if {[catch { source $script } message]} {
  puts stderr "ERROR: $message"
  exit 1
}
